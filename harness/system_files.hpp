// The files of systems/*/ as they were when sunder was built; the source is made by cmake/embed.cmake.
// Thread: any.
#pragma once

#include <string_view>
#include <vector>

namespace sunder::harness {

struct SystemFile {
  std::string_view name;  ///< the folder's name
  std::string_view text;
};

/// The system.toml of each.
[[nodiscard]] const std::vector<SystemFile>& system_files();

/// Any other file of a system's folder but its README, such as a client program.
struct SystemOwnFile {
  std::string_view system;
  std::string_view name;
  std::string_view text;
};

/// `sunder install` writes them to the system's {install_dir}.
[[nodiscard]] const std::vector<SystemOwnFile>& system_own_files();

}  // namespace sunder::harness
