// Interrupt: Ctrl-C and SIGTERM as a flag that long work looks at.
//
// The first signal sets the flag, and the work winds down in order (heal, write what is known, clean up). Nothing is done
// in the handler itself. Thread: install from main, before any other thread; read from any.
#pragma once

#include <atomic>

namespace sunder::cli {

/// Catches SIGINT, SIGTERM and SIGHUP from now on.
void install_interrupt();
/// True after the first of these signals.
[[nodiscard]] const std::atomic<bool>& interrupted();
/// The signal's number, or 0.
[[nodiscard]] int interrupt_signal();

}  // namespace sunder::cli
