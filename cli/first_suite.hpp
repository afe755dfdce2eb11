// The suite that `sunder init` writes. Thread: pure. Tested by tests/cli/init_test.cpp.
#pragma once

#include <string>

#include "harness/system.hpp"

namespace sunder::cli {

/// A commented suite file for that system, which load_suite reads and every client can work with.
[[nodiscard]] std::string first_suite(const harness::System& system);

}  // namespace sunder::cli
