// Run-time files; see runtime_file.hpp.
#include "control/runtime_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/fd.hpp"
#include "control/json_text.hpp"

namespace sunder::control {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool alive(pid_t pid) {
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

/// True if the folder is a real one (no link) of this user's: /tmp is open to all.
bool is_ours(const std::string& folder) {
  struct stat info {};
  return ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         info.st_uid == ::getuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string runtime_folder() {
  const std::string base = environment("XDG_RUNTIME_DIR");
  if (!base.empty() && base[0] == '/') return base + "/sunder";
  return "/tmp/sunder-" + std::to_string(::getuid());
}

Result<std::string> write_runtime_file(const std::string& folder, const RuntimeFile& file) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_error("the folder " + folder + " can't be made", errno);
  }
  if (!is_ours(folder)) {
    return Error{ErrorCode::unsupported,
                 folder +
                     " belongs to another user or is open to others; remove it, or set "
                     "XDG_RUNTIME_DIR to a folder of yours"};
  }
  const std::string path = folder + "/" + std::to_string(file.pid) + ".json";
  const std::string draft = path + ".new";
  JsonText text;
  text.number("pid", file.pid).text("api", file.api).text("suite", file.suite);
  const std::string line = text.object() + "\n";
  const UniqueFd fd(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd || ::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::rename(draft.c_str(), path.c_str()) != 0) {
    return errno_error("the file " + path + " can't be written", errno);
  }
  return path;
}

void remove_runtime_file(const std::string& path) {
  ::unlink(path.c_str());
}

std::vector<RuntimeFile> live_runs(const std::string& folder) {
  std::vector<RuntimeFile> out;
  if (!is_ours(folder)) return out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    const json object = json::parse(text.str(), nullptr, false);
    if (!object.is_object()) continue;
    const auto pid = object.find("pid");
    const auto api = object.find("api");
    const auto suite = object.find("suite");
    if (pid == object.end() || !pid->is_number_integer() || api == object.end() ||
        !api->is_string() || !alive(pid->get<pid_t>())) {
      continue;
    }
    const bool named = suite != object.end() && suite->is_string();
    out.push_back({pid->get<pid_t>(), api->get<std::string>(),
                   named ? suite->get<std::string>() : std::string()});
  }
  std::sort(out.begin(), out.end(),
            [](const RuntimeFile& a, const RuntimeFile& b) { return a.pid < b.pid; });
  return out;
}

Result<std::string> find_api(const std::string& given) {
  if (!given.empty()) return given;
  if (const std::string set = environment("SUNDER_API"); !set.empty()) return set;
  const auto runs = live_runs(runtime_folder());
  if (runs.size() == 1) return runs[0].api;
  if (runs.empty()) return std::string("http://127.0.0.1:8474");
  std::string names;
  for (const RuntimeFile& run : runs) {
    names += (names.empty() ? "" : ", ") + run.api + " (" + run.suite + ")";
  }
  return Error{ErrorCode::invalid,
               "several runs are active: " + names + "; say which one with --api or in SUNDER_API"};
}

}  // namespace sunder::control
