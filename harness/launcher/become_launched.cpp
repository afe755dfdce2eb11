// The last steps between fork and exec of a node: session, namespaces, names, outputs. See launcher.hpp.
//
// Source: network_namespaces(7), uts_namespaces(7), mount_namespaces(7), user_namespaces(7).
// Tested by tests/harness/launcher_test.cpp.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>

#include "harness/launcher/launcher_process.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

struct Step {
  int error = 0;
  std::string_view name;
};

Step enter_namespaces(const LaunchSpec& spec) {
  if (spec.network < 0 && spec.hostname.empty() && spec.hosts_file.empty()) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // explicit mode: nothing of its own, nobody else ends it
    return {};
  }
  if (spec.network >= 0 && ::setns(spec.network, CLONE_NEWNET) != 0) {
    return {errno, "enter its network namespace"};
  }
  if (::unshare(CLONE_NEWNS | CLONE_NEWUTS) != 0) return {errno, "make its mount namespace"};
  if (!spec.hostname.empty() && ::sethostname(spec.hostname.data(), spec.hostname.size()) != 0) {
    return {errno, "set its hostname"};
  }
  if (!spec.hosts_file.empty() &&
      ::mount(spec.hosts_file.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) != 0) {
    return {errno, "put its /etc/hosts in place"};
  }
  if (spec.own_shm &&
      ::mount("sunder", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0) {
    return {errno, "mount its /dev/shm"};
  }
  return {};
}

Step redirect(const LaunchSpec& spec) {
  std::array<int, 3> from = spec.stdio;
  if (!spec.log.empty()) {
    const int log = ::open(spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) return {errno, "open its log file"};
    from = {-1, log, log};
  }
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return {errno, "open /dev/null"};
  for (int target = 0; target < 3; ++target) {
    const int source = from[static_cast<std::size_t>(target)];
    // dup2 of a descriptor onto itself would keep CLOEXEC; ours are all above 2 (the launcher holds 0, 1 and 2).
    if (::dup2(source < 0 ? null : source, target) < 0) return {errno, "redirect its outputs"};
  }
  return {};
}

bool write_map(const char* path, std::string_view text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  ::close(file);
  errno = error;
  return written;
}

// One user and one group: what we are outside is what the program asked to be inside.
Step change_user(const LaunchSpec& spec) {
  if (spec.user < 0) return {};
  constexpr std::string_view kStep = "become the user that it runs as";
  const std::string users = std::to_string(spec.user) + " " + std::to_string(::geteuid()) + " 1";
  const std::string groups = std::to_string(spec.group) + " " + std::to_string(::getegid()) + " 1";
  if (::unshare(CLONE_NEWUSER) != 0) return {errno, kStep};
  if (!write_map("/proc/self/uid_map", users)) return {errno, kStep};
  // Without it the kernel refuses the map of groups: a group could be dropped to get at a file.
  if (!write_map("/proc/self/setgroups", "deny")) return {errno, kStep};
  if (!write_map("/proc/self/gid_map", groups)) return {errno, kStep};
  return {};
}

Step start(const LaunchSpec& spec) {
  ::setsid();
  if (const Step step = enter_namespaces(spec); step.error != 0) return step;
  if (const Step step = redirect(spec); step.error != 0) return step;
  if (::chdir(spec.cwd.empty() ? "/" : spec.cwd.c_str()) != 0) {
    return {errno, "enter its working folder"};
  }
  if (const Step step = change_user(spec); step.error != 0) return step;
  reset_signals();
  return {exec_program(spec.argv, spec.env), "run the program"};
}

}  // namespace

void become_launched(const LaunchSpec& spec, int report) {
  const Step failed = start(spec);
  StartFailure failure;
  failure.error = failed.error;
  std::copy_n(failed.name.data(), std::min(failed.name.size(), failure.step.size() - 1),
              failure.step.data());
  const ssize_t written = ::write(report, &failure, sizeof(failure));
  ::_exit(written == sizeof(failure) ? 127 : 126);
}

}  // namespace sunder::harness
