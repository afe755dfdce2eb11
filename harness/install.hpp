// Install: brings what a system needs onto this machine: Debian packages, Java archives, Python packages, its own files.
//
// System ([install] of system.toml) → **install_system** → apt-get (as root or by sudo), mvn, python3 -m venv + pip →
// {install_dir}: lib/*.jar, venv/, and the files of the system's folder. A file "installed" there lists what was asked
// for, so that a second time is quick, and so that a run can say at once what is missing. Variants share their base's.
// Thread: any; two at once wait for each other. Tested by tests/harness/install_test.cpp.
#pragma once

#include <functional>
#include <string>

#include "harness/system.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

/// $SUNDER_INSTALL_DIR/<family>, else $XDG_CACHE_HOME/sunder/<family>, else ~/.cache/sunder/<family>.
[[nodiscard]] std::string install_dir(const System& system);

/// True where all that install_dir must hold is there, in the versions that this sunder asks for.
[[nodiscard]] bool is_fetched(const System& system);

/// `say` hears of each step before it is done.
/// ERRORS: unavailable (what failed, with the last lines of the package client), io.
Status install_system(const System& system, const std::function<void(const std::string&)>& say);

}  // namespace sunder::harness
