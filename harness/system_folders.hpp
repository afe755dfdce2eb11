// Where systems come from: folders of the user, and those that are built in.
//
// $SUNDER_SYSTEMS (folders with colons; `--systems-dir DIR` puts one before them) and system_files() → **system_folders** →
// load_system, known_systems. A folder DIR/NAME with a system.toml is the system NAME; of two of one name the first counts,
// so that a user's own goes before the built-in one.
// Thread: any; reads the environment and the disk at each call. Tested by tests/harness/system_folders_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "sunder/result.hpp"

namespace sunder::harness {

struct SystemFolder {
  std::string name;
  std::string text;    ///< of its system.toml
  std::string where;   ///< for messages: the file's path
  std::string folder;  ///< on disk, absolute; empty: built in
};

/// Each name once. ERRORS: not_found: a folder of $SUNDER_SYSTEMS is not there.
[[nodiscard]] Result<std::vector<SystemFolder>> system_folders();

/// Makes `dir` the first of $SUNDER_SYSTEMS. REQUIRES that no other thread runs yet.
void add_systems_dir(const std::string& dir);

}  // namespace sunder::harness
