// See system_folders.hpp.
#include "harness/system_folders.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "harness/skeleton/process.hpp"
#include "harness/system_files.hpp"

namespace sunder::harness {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVariable = "SUNDER_SYSTEMS";

std::string setting() {
  const char* value = std::getenv(kVariable);
  return value == nullptr ? "" : value;
}

void add(std::vector<SystemFolder>* all, SystemFolder one) {
  const bool known = std::any_of(all->begin(), all->end(),
                                 [&](const SystemFolder& other) { return other.name == one.name; });
  if (!known) all->push_back(std::move(one));
}

Status add_below(const std::string& dir, std::vector<SystemFolder>* all) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    folders.push_back(it->path());
  }
  if (error) {
    return Error{ErrorCode::not_found, "the folder of systems " + dir +
                                           " can't be read: " + error.message() +
                                           "; correct --systems-dir or $" + kVariable};
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    const std::string file = (folder / "system.toml").string();
    if (!fs::is_regular_file(file, error)) continue;
    add(all, {folder.filename().string(), read_text_file(file), file,
              fs::absolute(folder, error).lexically_normal().string()});
  }
  return {};
}

}  // namespace

Result<std::vector<SystemFolder>> system_folders() {
  std::vector<SystemFolder> all;
  std::istringstream dirs(setting());
  for (std::string dir; std::getline(dirs, dir, ':');) {
    if (!dir.empty()) SUNDER_TRY(add_below(dir, &all));
  }
  for (const SystemFile& file : system_files()) {
    const std::string name(file.name);
    add(&all, {name, std::string(file.text), "systems/" + name + "/system.toml", ""});
  }
  return all;
}

void add_systems_dir(const std::string& dir) {
  const std::string others = setting();
  ::setenv(kVariable, (others.empty() ? dir : dir + ":" + others).c_str(), 1);
}

}  // namespace sunder::harness
