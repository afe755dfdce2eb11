// Helpers of forked parts. See process.hpp. Tested by tests/harness/skeleton_test.cpp.
#include "harness/skeleton/process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/fd.hpp"
#include "harness/skeleton/run_program.hpp"

namespace sunder::harness {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

// Parent of a process: the second number after the command's name, which may hold anything, in /proc/PID/stat.
pid_t parent_of(const std::string& pid) {
  const std::string stat = read_text_file("/proc/" + pid + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || stat.size() < name_end + 4) return -1;
  return static_cast<pid_t>(std::strtol(stat.c_str() + name_end + 4, nullptr, 10));
}

bool remove_below(int parent, const char* name, dev_t device, int depth) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return true;
  if ((errno != EISDIR && errno != EPERM) || depth > 200) return false;
  UniqueFd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_dev != device) return false;
  const Dir dir(::fdopendir(fd.get()));
  if (dir == nullptr) return false;
  const int dir_fd = fd.release();  // closedir closes it
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string child = entry->d_name;
    if (child != "." && child != "..") remove_below(dir_fd, child.c_str(), device, depth + 1);
  }
  return ::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

}  // namespace

int thread_count() {
  int count = 0;
  const Dir dir(::opendir("/proc/self/task"));
  if (dir == nullptr) return 1;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count;
}

void close_descriptors_but(const std::vector<int>& keep) {
  std::vector<int> sorted = keep;
  std::sort(sorted.begin(), sorted.end());
  unsigned first = 3;
  for (const int fd : sorted) {
    const auto kept = static_cast<unsigned>(fd);
    if (fd < 3) continue;
    if (kept > first) ::close_range(first, kept - 1, 0);
    first = kept + 1;
  }
  ::close_range(first, UINT_MAX, 0);
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

int exec_program(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
  if (argv.empty()) return ENOENT;
  std::vector<char*> env_words = exec_words(env);
  ::environ = env_words.data();  // execvp looks for PATH here
  ::execvp(argv[0].c_str(), exec_words(argv).data());
  return errno;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  const Dir dir(::opendir("/proc"));
  if (dir == nullptr) return children;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    if (parent_of(entry->d_name) == parent) {
      children.push_back(static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)));
    }
  }
  return children;
}

bool reap_all(Nanos timeout) {
  const Nanos deadline = monotonic_clock().now() + timeout;
  while (true) {
    const pid_t pid = ::waitpid(-1, nullptr, WNOHANG | __WALL);
    if (pid < 0 && errno == ECHILD) return true;
    if (pid > 0) continue;
    if (monotonic_clock().now() >= deadline) return false;
    ::poll(nullptr, 0, 2);
  }
}

bool remove_tree(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT;
  return remove_below(AT_FDCWD, path.c_str(), info.st_dev, 0);
}

std::string read_text_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> buffer{};
  while (fd) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text;
}

std::string last_line(const std::string& path) {
  std::string text = read_text_file(path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t at = text.rfind('\n');
  return at == std::string::npos ? text : text.substr(at + 1);
}

std::string describe_end(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return "was ended by signal " + std::to_string(WTERMSIG(wait_status));
  }
  return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
}

Status write_text_file(const std::string& path, const std::string& text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return errno_error("can't open " + path, errno);
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("can't write " + path, errno);
    done += static_cast<std::size_t>(n);
  }
  return {};
}

}  // namespace sunder::harness
