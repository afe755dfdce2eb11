// A child, a pipe and a deadline. See run_program.hpp.
// Tested by tests/harness/skeleton_test.cpp.
#include "harness/skeleton/run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/fd.hpp"

namespace sunder::harness {
namespace {

constexpr std::size_t kTextMax = 64U << 10;

// posix_spawn, so that it is safe beside other threads. RETURNS the pid.
Result<pid_t> spawn(const std::vector<std::string>& argv, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, 1);
  ::posix_spawn_file_actions_adddup2(&actions, output, 2);
  sigset_t pipe_only;  // SIGPIPE is ignored in sunder; a program expects the default
  sigset_t none;
  ::sigemptyset(&none);
  ::sigemptyset(&pipe_only);
  ::sigaddset(&pipe_only, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &pipe_only);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, exec_words(argv).data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error == ENOENT) return Error{ErrorCode::not_found, "there is no program " + argv[0]};
  if (error != 0) return errno_error("can't start " + argv[0], error);
  return pid;
}

// Reads until end of file or the deadline. RETURNS false at the deadline.
bool drain(int fd, Nanos deadline, std::string& text) {
  std::array<char, 4096> buffer{};
  while (true) {
    const Nanos left = deadline - monotonic_clock().now();
    if (left <= 0) return false;
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(left / kMillisecond) + 1) <= 0) continue;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    if (text.size() < kTextMax) text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace

std::vector<char*> exec_words(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::string find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    return ::access(program.c_str(), X_OK) == 0 ? program : std::string{};
  }
  const char* path = std::getenv("PATH");
  const std::string folders =
      std::string(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin:/sbin";
  for (std::size_t at = 0; at <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    std::string file = folders.substr(at, end - at) + "/" + program;
    if (end > at && ::access(file.c_str(), X_OK) == 0) return file;
    at = end + 1;
  }
  return {};
}

Result<ProgramOutput> run_program(const std::vector<std::string>& argv, Nanos timeout) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("can't make a pipe", errno);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const Nanos deadline = monotonic_clock().now() + timeout;
  auto pid = spawn(argv, writer.get());
  if (!pid.ok()) return std::move(pid).error();
  writer.reset();

  ProgramOutput output;
  bool in_time = drain(reader.get(), deadline, output.text);
  while (in_time) {  // it closed its outputs: it is ending
    const pid_t ended = ::waitpid(*pid, &output.wait_status, WNOHANG);
    if (ended == *pid) return output;
    in_time = monotonic_clock().now() < deadline;
    ::poll(nullptr, 0, 1);
  }
  ::kill(*pid, SIGKILL);
  while (::waitpid(*pid, &output.wait_status, 0) < 0 && errno == EINTR) {
  }
  return Error{ErrorCode::timeout, argv[0] + " did not end in time"};
}

}  // namespace sunder::harness
