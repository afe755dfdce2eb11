// Runs a test's body in a forked child, for what can't be undone (namespaces) or must be killed (sunder itself).
//
// The body returns what went wrong as a text, empty if nothing did: Catch2's own macros can't report from a child.
// Thread: the test program has one thread here, as sunder has when it forks.
#pragma once

#include <dirent.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "harness/skeleton/channel.hpp"
#include "harness/skeleton/isolate.hpp"
#include "harness/skeleton/process.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::test {

/// Fails the body with a text when a condition does not hold.
#define NEED(condition, text)                                       \
  do {                                                              \
    if (!(condition)) return std::string(#condition ": ") + (text); \
  } while (false)

inline std::string in_child(const std::function<std::string()>& body) {
  auto ends = Channel::pair();
  std::fflush(nullptr);  // or the child would print the buffered text again
  const pid_t pid = ::fork();
  if (pid == 0) {
    ends->first.close();
    const std::string outcome = body();
    static_cast<void>(ends->second.send(outcome));
    ::_exit(0);
  }
  ends->second.close();
  auto frame = ends->first.receive();
  ::waitpid(pid, nullptr, 0);
  if (!frame.ok() || !frame->has_value()) return "the child ended without a word";
  return (*frame)->body;
}

/// False in a ThreadSanitizer build, whose runtime keeps a thread: sunder's forks need exactly one.
inline bool single_threaded(std::string& why) {
  if (thread_count() == 1) return true;
  why = "skipped: the test program's runtime has threads of its own";
  return false;
}

/// True when namespaces can be made here; otherwise the reason is printed once per test.
inline bool can_isolate(std::string& why) {
  if (!single_threaded(why)) return false;
  auto tried = try_isolate();
  if (!tried.ok()) why = "skipped: " + tried.error().message;
  return tried.ok();
}

inline bool eventually(const std::function<bool()>& condition, Nanos timeout) {
  const Nanos deadline = monotonic_clock().now() + timeout;
  while (!condition()) {
    if (monotonic_clock().now() > deadline) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

/// Living processes (zombies do not count) whose command line holds `marker`.
inline int count_processes(const std::string& marker) {
  int found = 0;
  DIR* dir = ::opendir("/proc");
  if (dir == nullptr) return 0;
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    const std::string line = read_text_file("/proc/" + std::string(entry->d_name) + "/cmdline");
    if (line.find(marker) != std::string::npos) ++found;  // a zombie's command line is empty
  }
  ::closedir(dir);
  return found;
}

inline std::string make_temp_dir() {
  std::string path = "/tmp/sunder-test-XXXXXX";
  return ::mkdtemp(path.data()) == nullptr ? std::string{} : path;
}

}  // namespace sunder::harness::test
