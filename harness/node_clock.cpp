// See node_clock.hpp.
#include "harness/node_clock.hpp"

#include <glob.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/units.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

// Takes a variable out. RETURNS its value.
std::string taken(std::vector<std::string>& env, const std::string& name) {
  const auto at = std::find_if(env.begin(), env.end(), [&](const std::string& line) {
    return line.rfind(name + "=", 0) == 0;
  });
  if (at == env.end()) return {};
  std::string value = at->substr(name.size() + 1);
  env.erase(at);
  return value;
}

bool skews(const Suite& suite) {
  return std::any_of(suite.nemeses.begin(), suite.nemeses.end(),
                     [](const NemesisSpec& spec) { return spec.name == "skew"; });
}

}  // namespace

Result<std::string> clock_library(const Suite& suite, const std::string& pattern) {
  if (!skews(suite)) return std::string();
  glob_t found{};
  std::string path;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0 && found.gl_pathc > 0) {
    path = found.gl_pathv[0];
  }
  ::globfree(&found);
  if (!path.empty()) return path;
  return Error{ErrorCode::unavailable,
               "the nemesis \"skew\" needs libfaketime, which this machine does not have; install "
               "it with apt-get install faketime",
               "", "not_installed"};
}

void put_under_clock(const std::string& library, const ClockSpec& clock, const std::string& file,
                     std::vector<std::string>& env) {
  std::string preload = library;
  for (const std::string& more : clock.preload) preload += ":" + more;
  if (const std::string own = taken(env, "LD_PRELOAD"); !own.empty()) preload += ":" + own;
  // The library reads its file by the locale's decimal point, once the program has taken a locale.
  if (const std::string all = taken(env, "LC_ALL"); !all.empty()) {
    static_cast<void>(taken(env, "LANG"));
    env.push_back("LANG=" + all);
  }
  static_cast<void>(taken(env, "LC_NUMERIC"));
  env.emplace_back("LC_NUMERIC=C");
  env.push_back("LD_PRELOAD=" + preload);
  env.push_back("FAKETIME_TIMESTAMP_FILE=" + file);
  env.emplace_back("FAKETIME_NO_CACHE=1");
  env.emplace_back("FAKETIME_DONT_FAKE_MONOTONIC=1");
  // Version 0.9.10 turns it on by itself with Debian 12's C library, and timed waits of Java then end at once.
  env.emplace_back("FAKETIME_FORCE_MONOTONIC_FIX=0");
  env.emplace_back("NO_FAKE_STAT=1");  // times of files stay what the kernel wrote
}

std::string clock_text(Nanos offset) {
  char text[48];
  const Nanos size = std::abs(offset);
  std::snprintf(text, sizeof text, "%c%lld.%09lld\n", offset < 0 ? '-' : '+',
                static_cast<long long>(size / kSecond), static_cast<long long>(size % kSecond));
  return text;
}

std::string offset_text(Nanos offset) {
  return (offset < 0 ? "" : "+") + format_duration(offset);
}

Status NodeClock::set(Nanos offset) {
  const std::scoped_lock lock(mutex_);
  const std::string fresh = path_ + ".new";
  SUNDER_TRY(write_text_file(fresh, clock_text(offset)));
  UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  // The watch is of the file itself, whatever its name: it is renamed only then, so that no read is missed.
  if (!watch || ::inotify_add_watch(watch.get(), fresh.c_str(), IN_ACCESS | IN_ONESHOT) < 0) {
    return errno_error("can't watch " + fresh, errno);
  }
  if (::rename(fresh.c_str(), path_.c_str()) != 0) {
    return errno_error("can't write " + path_, errno);
  }
  watch_ = std::move(watch);
  asked_ = false;
  return {};
}

bool NodeClock::asked() {
  const std::scoped_lock lock(mutex_);
  alignas(inotify_event) std::array<char, 1024> buffer{};
  for (ssize_t n = 0; watch_ && (n = ::read(watch_.get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < n;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      asked_ = asked_ || (event.mask & IN_ACCESS) != 0;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  return asked_;
}

}  // namespace sunder::harness
