// The texts of systems/*/system.toml as they were when sunder was built; the source is made by cmake/embed.cmake.
// Thread: any.
#pragma once

#include <string_view>
#include <vector>

namespace sunder::harness {

struct SystemFile {
  std::string_view name;  ///< the folder's name
  std::string_view text;
};

[[nodiscard]] const std::vector<SystemFile>& system_files();

}  // namespace sunder::harness
