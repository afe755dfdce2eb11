// The launcher's own life: requests and ended children, until end of file. See launcher.hpp.
//
// As pid 1 it also reaps whatever the nodes leave behind. Nothing needs to be cleaned up at the end: when pid 1 ends, the
// kernel kills everything in the pid namespace. Tested by tests/harness/launcher_test.cpp.
#include "harness/launcher/launcher_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

class LauncherProcess {
 public:
  LauncherProcess(LauncherPipes pipes, bool namespaces)
      : pipes_(std::move(pipes)), namespaces_(namespaces) {}

  // RETURNS false when the parent must give up; it has been told why.
  bool set_up() {
    // Without namespaces nobody would end the nodes: it lives on until the end of file, and does.
    if (namespaces_) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    } else {
      ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    ::prctl(PR_SET_NAME, "sunder-launcher");
    ::setsid();
    close_descriptors_but({pipes_.requests.fd(), pipes_.exits.fd()});
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, 0);
    ::dup2(null, 1);
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    children_.reset(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    int error = children_ ? 0 : errno;
    if (error == 0 && namespaces_ &&
        ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr)) {
      error = errno;
    }
    return pipes_.requests.send(FrameWriter().number(error).body()).ok() && error == 0;
  }

  void end_all() {
    if (namespaces_) return;
    for (const auto& entry : running_) ::kill(-entry.second, SIGKILL);
    for (const pid_t pid : std::set<pid_t>(shared_files_)) remove_shared_files(pid);
  }

  void serve() {
    while (true) {
      std::array<pollfd, 2> wait{pollfd{pipes_.requests.fd(), POLLIN, 0},
                                 pollfd{children_.get(), POLLIN, 0}};
      if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return;
      if (wait[1].revents != 0 && !reap()) return;
      if (wait[0].revents == 0) continue;
      auto frame = pipes_.requests.receive();
      if (!frame.ok() || !frame->has_value()) return;
      if (!obey(**frame)) return;
    }
  }

 private:
  // To the process group, and to descendants that made a group of their own, as PostgreSQL's do.
  static int signal_all(pid_t main, int number) {
    std::vector<pid_t> tree{main};
    for (std::size_t i = 0; i < tree.size(); ++i) {
      for (const pid_t child : children_of(tree[i])) tree.push_back(child);
    }
    const int error = ::kill(-main, number) == 0 ? 0 : errno;
    for (const pid_t pid : tree) {
      if (pid != main && ::getpgid(pid) != main) ::kill(pid, number);
    }
    return error;
  }

  bool obey(Frame& frame) {
    FrameReader order(frame.body);
    const auto kind = static_cast<LaunchOrder>(order.number());
    const LaunchId id = order.number();
    if (kind == LaunchOrder::launch) return launch(read_spec(id, order, frame));
    const auto number = static_cast<int>(order.number());
    const auto found = running_.find(id);
    int error = ESRCH;
    if (found != running_.end()) error = signal_all(found->second, number);
    return pipes_.requests.send(FrameWriter().number(error).body()).ok();
  }

  static LaunchSpec read_spec(LaunchId id, FrameReader& order, const Frame& frame) {
    LaunchSpec spec;
    spec.id = id;
    spec.argv = order.texts();
    spec.env = order.texts();
    spec.cwd = order.text();
    spec.hostname = order.text();
    spec.hosts_file = order.text();
    spec.log = order.text();
    spec.user = order.number();
    spec.group = order.number();
    spec.own_shm = order.number() != 0;
    std::size_t next = 0;
    const auto descriptor = [&] {
      if (order.number() == 0 || next >= frame.fds.size()) return -1;
      return frame.fds[next++].get();
    };
    for (int& fd : spec.stdio) fd = descriptor();
    spec.network = descriptor();
    return spec;
  }

  bool launch(const LaunchSpec& spec) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return answer(0, errno, "make a pipe");
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return answer(0, errno, "fork");
    if (pid == 0) become_launched(spec, writer.get());
    writer.reset();
    StartFailure failure;  // end of file without one: exec closed the pipe
    ssize_t n = 0;
    do {
      n = ::read(reader.get(), &failure, sizeof(failure));
    } while (n < 0 && errno == EINTR);
    if (n == sizeof(failure)) {
      ::waitpid(pid, nullptr, 0);
      return answer(0, failure.error, failure.step.data());
    }
    running_[spec.id] = pid;
    if (spec.own_shm && !namespaces_) shared_files_.insert(pid);
    return answer(pid, 0, "");
  }

  bool answer(pid_t pid, int error, const char* step) {
    // Naming another process needs a privilege that it has in a namespace of its own only.
    return pipes_.requests
        .send(FrameWriter().number(error).text(step).number(pid).body(), {}, namespaces_ ? pid : 0)
        .ok();
  }

  // Those of libfaketime, where the process had no /dev/shm of its own.
  void remove_shared_files(pid_t pid) {
    if (shared_files_.erase(pid) == 0) return;
    const std::string number = std::to_string(pid);
    ::unlink(("/dev/shm/faketime_shm_" + number).c_str());
    ::unlink(("/dev/shm/sem.faketime_sem_" + number).c_str());
  }

  // RETURNS false when nobody listens any more.
  bool reap() {
    signalfd_siginfo news{};
    while (::read(children_.get(), &news, sizeof(news)) > 0) {
    }
    while (true) {
      siginfo_t info{};
      // Look first and reap later: until then the process group's number can't be given to another.
      if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) break;
      LaunchId id = 0;
      for (const auto& [candidate, pid] : running_) {
        if (pid == info.si_pid) id = candidate;
      }
      if (id != 0) ::kill(-info.si_pid, SIGKILL);
      int status = 0;
      ::waitpid(info.si_pid, &status, 0);
      remove_shared_files(info.si_pid);
      if (id == 0) continue;
      running_.erase(id);
      if (!pipes_.exits.send(FrameWriter().number(id).number(status).body()).ok()) return false;
    }
    return true;
  }

  LauncherPipes pipes_;
  bool namespaces_;
  UniqueFd children_;  // signalfd
  std::map<LaunchId, pid_t> running_;
  std::set<pid_t> shared_files_;  // processes that leave some
};

}  // namespace

void launcher_process_main(LauncherPipes pipes, bool namespaces) {
  LauncherProcess process(std::move(pipes), namespaces);
  if (process.set_up()) process.serve();
  process.end_all();
  ::_exit(0);
}

}  // namespace sunder::harness
