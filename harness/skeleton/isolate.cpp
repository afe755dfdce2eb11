// unshare, id maps, private mounts; and sentences that say what to change where it is refused. See isolate.hpp.
//
// Source: user_namespaces(7), mount_namespaces(7). A process with a second thread gets EINVAL from
// unshare(CLONE_NEWUSER), and as root only the calling thread would move, hence "exactly one thread".
// Tested by tests/harness/netns_test.cpp.
#include "harness/skeleton/isolate.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "harness/skeleton/channel.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

// Why this machine refuses, as far as its switches tell.
Error refused(int err) {
  const std::string apparmor =
      read_text_file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  const std::string debian = read_text_file("/proc/sys/kernel/unprivileged_userns_clone");
  const std::string maximum = read_text_file("/proc/sys/user/max_user_namespaces");
  std::string message = "sunder can't make namespaces here";
  if (!debian.empty() && debian[0] == '0') {
    message +=
        ": ordinary users may not; run it as root, or allow it with "
        "sysctl -w kernel.unprivileged_userns_clone=1";
  } else if (!apparmor.empty() && apparmor[0] == '1') {
    message +=
        ": AppArmor forbids it to ordinary users; run it as root (sudo), or allow it with "
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  } else if (std::atol(maximum.c_str()) == 0 && !maximum.empty()) {
    message += ": none are allowed; raise it with sysctl -w user.max_user_namespaces=10000";
  } else {
    message += " (" + errno_error("unshare", err).message +
               "); in a container, start it with --privileged, or with --cap-add NET_ADMIN "
               "--cap-add SYS_ADMIN --security-opt apparmor=unconfined "
               "--security-opt seccomp=unconfined";
  }
  return {ErrorCode::unsupported, message, "", "no_namespaces"};
}

// One line each: this user is 0 inside. setgroups must be off before an ordinary user may write the group map.
Status map_ids(uid_t uid, gid_t gid) {
  SUNDER_TRY(write_text_file("/proc/self/setgroups", "deny"));
  SUNDER_TRY(write_text_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1"));
  return write_text_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
}

Status mount_private(const IsolatePlan& plan) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return errno_error("can't make the mounts of this process private", errno);
  }
  if (plan.tmpfs_dir.empty()) return {};
  const std::string options = "mode=0755,size=" + plan.tmpfs_size;
  if (::mount("sunder", plan.tmpfs_dir.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) !=
      0) {
    return errno_error("can't mount a tmpfs on " + plan.tmpfs_dir, errno);
  }
  return {};
}

Result<Isolated> isolate_as(const IsolatePlan& plan, bool as_root) {
  constexpr int kOwn = CLONE_NEWNET | CLONE_NEWNS;
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  Isolated done;
  if (!as_root || ::unshare(kOwn) != 0) {
    if (as_root && errno != EPERM) return refused(errno);
    // An ordinary user, or a root without its capabilities (a container): a user namespace gives them.
    if (::unshare(CLONE_NEWUSER | kOwn) != 0) return refused(errno);
    const Status mapped = map_ids(uid, gid);
    if (!mapped.ok()) return refused(EPERM);
    done.rootless = true;
  }
  SUNDER_TRY(mount_private(plan));
  return done;
}

}  // namespace

Result<Isolated> isolate(const IsolatePlan& plan) {
  if (thread_count() != 1) {
    return Error{ErrorCode::internal, "namespaces must be entered before any thread is made"};
  }
  return isolate_as(plan, ::geteuid() == 0);
}

Result<Isolated> try_isolate(bool as_user_namespace) {
  auto ends = Channel::pair();
  if (!ends.ok()) return std::move(ends).error();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_error("can't fork", errno);
  if (pid == 0) {
    ends->first.close();
    // The tmpfs lands on /tmp of a mount namespace that ends with this child.
    const auto tried = isolate_as({"/tmp"}, ::geteuid() == 0 && !as_user_namespace);
    FrameWriter answer;
    answer.number(tried.ok() ? 1 : 0);
    if (tried.ok()) {
      answer.number(tried.value().rootless ? 1 : 0);
    } else {
      answer.number(static_cast<std::int64_t>(tried.error().code)).text(tried.error().message);
    }
    static_cast<void>(ends->second.send(answer.body()));
    ::_exit(0);
  }
  ends->second.close();
  auto frame = ends->first.receive();
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!frame.ok()) return std::move(frame).error();
  if (!frame->has_value()) {
    return Error{ErrorCode::internal, "the trial of namespaces ended without an answer"};
  }
  FrameReader answer((*frame)->body);
  if (answer.number() == 1) return Isolated{answer.number() == 1};
  const auto code = static_cast<ErrorCode>(answer.number());
  return Error{code, answer.text(), "", "no_namespaces"};
}

}  // namespace sunder::harness
