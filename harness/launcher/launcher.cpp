// sunder's end of the launcher: clone, requests, reports of ends. See launcher.hpp; the other end is launcher_process.cpp.
//
// clone() is called directly: fork() can't make namespaces, and unshare(CLONE_NEWPID) would forbid threads to this process
// for good. With one thread and without CLONE_VM the raw call is as safe as fork.
// Tested by tests/harness/launcher_test.cpp.
#include "harness/launcher/launcher.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <utility>

#include "harness/launcher/launcher_process.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

Error gone() {
  return {ErrorCode::unavailable,
          "the launcher of the database nodes has ended; start sunder again"};
}

}  // namespace

Result<std::unique_ptr<Launcher>> Launcher::start(Walls walls) {
  if (thread_count() != 1) {
    return Error{ErrorCode::internal, "the launcher must be made before any thread is"};
  }
  auto requests = Channel::pair();
  auto exits = Channel::pair();
  if (!requests.ok()) return std::move(requests).error();
  if (!exits.ok()) return std::move(exits).error();
  SUNDER_TRY(requests->first.want_pids());
  std::fflush(nullptr);
  const long spaces = walls == Walls::namespaces ? CLONE_NEWPID | CLONE_NEWNS : 0;
  const long pid = ::syscall(SYS_clone, spaces | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return errno_error("can't make the launcher of the database nodes", errno);
  if (pid == 0) {
    requests->first.close();
    exits->first.close();
    launcher_process_main({std::move(requests->second), std::move(exits->second)},
                          walls == Walls::namespaces);
  }
  requests->second.close();
  exits->second.close();
  std::unique_ptr<Launcher> made(new Launcher(std::move(requests->first), std::move(exits->first),
                                              static_cast<pid_t>(pid), walls));
  auto ready = made->requests_.receive();
  if (!ready.ok()) return std::move(ready).error();
  if (!ready->has_value()) return gone();
  const auto error = static_cast<int>(FrameReader((*ready)->body).number());
  if (error != 0) {
    return Error{ErrorCode::unsupported,
                 errno_error("the launcher can't mount its own /proc", error).message +
                     "; in a container, start it with --privileged"};
  }
  return made;
}

Launcher::~Launcher() {
  close();
}

LaunchId Launcher::new_id() {
  const std::scoped_lock lock(mutex_);
  return ++last_id_;
}

Result<Frame> Launcher::ask(const FrameWriter& request, const std::vector<int>& fds) {
  const std::scoped_lock lock(mutex_);
  if (!requests_.valid()) return gone();
  if (const Status sent = requests_.send(request.body(), fds); !sent.ok()) {
    return sent.error().code == ErrorCode::unavailable ? gone() : sent.error();
  }
  auto frame = requests_.receive();
  if (!frame.ok()) return std::move(frame).error();
  if (!frame->has_value()) return gone();
  return std::move(**frame);
}

Result<Launched> Launcher::launch(const LaunchSpec& spec) {
  FrameWriter request;
  request.number(static_cast<std::int64_t>(LaunchOrder::launch)).number(spec.id);
  request.texts(spec.argv).texts(spec.env).text(spec.cwd);
  request.text(spec.hostname).text(spec.hosts_file).text(spec.log);
  request.number(spec.user).number(spec.group).number(spec.own_shm ? 1 : 0);
  std::vector<int> fds;
  const auto descriptor = [&](int fd) {
    request.number(fd >= 0 ? 1 : 0);
    if (fd >= 0) fds.push_back(fd);
  };
  for (const int fd : spec.stdio) descriptor(fd);
  descriptor(spec.network);
  auto frame = ask(request, fds);
  if (!frame.ok()) return std::move(frame).error();
  FrameReader answer(frame->body);
  Launched launched;
  launched.exec_errno = static_cast<int>(answer.number());
  launched.failed_at = answer.text();
  const auto own_pid = static_cast<pid_t>(answer.number());
  if (launched.started()) launched.pid = walls_ == Walls::namespaces ? frame->pid : own_pid;
  return launched;
}

std::string Launched::reason() const {
  return std::generic_category().message(exec_errno);
}

Status Launcher::signal(LaunchId id, int number) {
  FrameWriter request;
  request.number(static_cast<std::int64_t>(LaunchOrder::signal)).number(id).number(number);
  auto frame = ask(request, {});
  if (!frame.ok()) return std::move(frame).error();
  const auto error = static_cast<int>(FrameReader(frame->body).number());
  if (error == ESRCH) return Error{ErrorCode::not_found, "the process has ended already"};
  if (error != 0) return errno_error("can't send the signal", error);
  return {};
}

Result<std::optional<ExitReport>> Launcher::next_exit() {
  auto frame = exits_.receive();
  if (!frame.ok()) return std::move(frame).error();
  if (!frame->has_value()) return std::optional<ExitReport>{};
  FrameReader news((*frame)->body);
  ExitReport report;
  report.id = news.number();
  report.wait_status = static_cast<int>(news.number());
  return std::optional<ExitReport>(report);
}

void Launcher::close() {
  {
    const std::scoped_lock lock(mutex_);
    requests_.close();
  }
  if (pid_ <= 0) return;
  // As pid 1 in there the kernel ends everything else before it lets it go. Without namespaces the
  // end of file makes it kill every process group first.
  if (walls_ == Walls::namespaces) ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace sunder::harness
