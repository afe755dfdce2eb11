#include "cli/folders.hpp"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <vector>

namespace sunder::cli {
namespace {

namespace fs = std::filesystem;

std::string utc(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

}  // namespace

Result<std::string> make_scratch() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern =
      std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/sunder-XXXXXX";
  std::vector<char> text(pattern.begin(), pattern.end());
  text.push_back('\0');
  if (::mkdtemp(text.data()) == nullptr)
    return errno_error("can't make a folder " + pattern, errno);
  return std::string(text.data());
}

Status make_run_dir(const std::string& dir) {
  std::error_code ec;
  if (fs::exists(dir, ec) && (!fs::is_directory(dir, ec) || !fs::is_empty(dir, ec))) {
    return Error{ErrorCode::exists, dir + " is there already and not empty; choose another --out"};
  }
  if (fs::create_directories(dir + "/logs", ec); ec) {
    return Error{ErrorCode::io, "can't make the run folder " + dir + ": " + ec.message()};
  }
  return {};
}

std::string default_run_dir(const std::string& suite) {
  return "runs/" + utc("%Y%m%dT%H%M%SZ") + "-" + suite;
}

void point_latest(const std::string& dir) {
  std::error_code ec;
  const fs::path link = fs::path(dir).parent_path() / "latest";
  if (fs::exists(fs::symlink_status(link, ec)) && !fs::is_symlink(fs::symlink_status(link, ec)))
    return;
  // A new link takes the old one's place in one step, so that `latest` never points nowhere.
  const fs::path fresh = link.string() + ".new";
  fs::remove(fresh, ec);
  fs::create_directory_symlink(fs::path(dir).filename(), fresh, ec);
  if (!ec) fs::rename(fresh, link, ec);
}

std::string wall_clock() {
  return utc("%Y-%m-%dT%H:%M:%SZ");
}

}  // namespace sunder::cli
