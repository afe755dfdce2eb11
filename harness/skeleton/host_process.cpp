// The host side's own life: orders and ended children until end of file, then the clean-up. See host_side.hpp.
//
// It is a child subreaper, so that whatever the wrapped command leaves behind (also in sessions of its own) becomes its
// child and can be found and ended. Tested by tests/harness/skeleton_test.cpp.
#include "harness/skeleton/host_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

constexpr Nanos kTermPatience = kSecond;
constexpr Nanos kKillPatience = 5 * kSecond;
constexpr std::array kIgnored{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU, SIGTTIN, SIGTSTP, SIGPIPE};

class HostProcess {
 public:
  HostProcess(Channel channel, HostPlan plan)
      : channel_(std::move(channel)), plan_(std::move(plan)) {}

  void set_up() {
    // The terminal is sunder's to hand on only if sunder is in its foreground.
    if (::isatty(0) == 1 && ::tcgetpgrp(0) == ::getpgrp()) terminal_owner_ = ::getpgrp();
    hup_was_ignored_ = ::signal(SIGHUP, SIG_IGN) == SIG_IGN;  // started under nohup
    for (const int number : kIgnored) ::signal(number, SIG_IGN);
    ::setpgid(0, 0);
    ::prctl(PR_SET_NAME, "sunder-host");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    close_descriptors_but({channel_.fd()});
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    children_.reset(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  // Returns when sunder is gone.
  void serve() {
    while (true) {
      std::array<pollfd, 2> wait{pollfd{channel_.fd(), POLLIN, 0},
                                 pollfd{children_.get(), POLLIN, 0}};
      if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return;
      if (wait[1].revents != 0) reap();
      if (wait[0].revents == 0) continue;
      auto frame = channel_.receive();
      if (!frame.ok() || !frame->has_value()) return;
      obey(FrameReader((*frame)->body));
    }
  }

  void clean_up() {
    end_children();
    give_terminal_back();
    for (const auto& file : plan_.files_to_remove) {
      ::unlink(file.c_str());
      // Their folder goes with the last of them; rmdir leaves it alone while other runs have files in it.
      ::rmdir(std::filesystem::path(file).parent_path().c_str());
    }
    // A process of the launcher may still write a last file in there; it dies within milliseconds.
    for (int i = 0; i < 20 && !plan_.scratch_dir.empty(); ++i) {
      if (remove_tree(plan_.scratch_dir)) break;
      ::poll(nullptr, 0, 50);
    }
  }

 private:
  void obey(FrameReader order) {
    switch (static_cast<HostOrder>(order.number())) {
      case HostOrder::run: {
        const auto argv = order.texts();
        const auto env = order.texts();
        run(argv, env, order.text());
        return;
      }
      case HostOrder::signal: {
        const auto number = static_cast<int>(order.number());
        if (group_ > 0) ::kill(-group_, number);
        return;
      }
      case HostOrder::add_file: plan_.files_to_remove.push_back(order.text()); return;
    }
  }

  void run(const std::vector<std::string>& argv, const std::vector<std::string>& env,
           const std::string& cwd) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return answer(0, errno);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return answer(0, errno);
    if (pid == 0) become_command(argv, env, cwd, writer.get());
    writer.reset();
    // Both sides move the child into its group, so that neither order of running matters.
    ::setpgid(pid, pid);
    if (terminal_owner_ > 0) ::tcsetpgrp(0, pid);
    int error = 0;  // end of file: exec closed the pipe, the command runs
    ssize_t n = 0;
    do {
      n = ::read(reader.get(), &error, sizeof(error));
    } while (n < 0 && errno == EINTR);
    if (n <= 0) error = 0;
    if (error == 0) {
      command_ = pid;
      group_ = pid;
    } else {
      give_terminal_back_from(pid);
    }
    answer(pid, error);
  }

  [[noreturn]] void become_command(const std::vector<std::string>& argv,
                                   const std::vector<std::string>& env, const std::string& cwd,
                                   int report) const {
    ::setpgid(0, 0);
    if (terminal_owner_ > 0) ::tcsetpgrp(0, ::getpid());  // SIGTTOU is still ignored here
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    reset_signals();
    if (hup_was_ignored_) ::signal(SIGHUP, SIG_IGN);
    int error = 0;
    if (!cwd.empty() && ::chdir(cwd.c_str()) != 0) error = errno;
    if (error == 0) error = exec_program(argv, env);
    const ssize_t written = ::write(report, &error, sizeof(error));
    ::_exit(written == sizeof(error) ? 127 : 126);
  }

  void answer(pid_t pid, int error) {
    FrameWriter news;
    news.number(static_cast<std::int64_t>(HostNews::started)).number(pid).number(error);
    static_cast<void>(channel_.send(news.body()));  // sunder gone: serve() sees it next
  }

  void reap() {
    signalfd_siginfo info{};
    while (::read(children_.get(), &info, sizeof(info)) > 0) {
    }
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
      if (pid != command_) continue;
      if (WIFSTOPPED(status)) {
        // The cluster can't be suspended with it, so a Ctrl-Z would only leave a dead terminal behind.
        if (WSTOPSIG(status) == SIGTSTP) ::kill(-group_, SIGCONT);
        continue;
      }
      command_ = 0;
      give_terminal_back();
      FrameWriter news;
      news.number(static_cast<std::int64_t>(HostNews::ended)).number(status);
      static_cast<void>(channel_.send(news.body()));
    }
  }

  void end_children() {
    const pid_t self = ::getpid();
    const auto tell = [&](int number) {
      if (group_ > 0) ::kill(-group_, number);
      for (const pid_t child : children_of(self)) ::kill(child, number);
    };
    if (reap_all(0)) return;
    tell(SIGTERM);
    tell(SIGCONT);
    if (reap_all(kTermPatience)) return;
    // Each round may hand us the children of those who died; a round is cheap, and their number is finite.
    const Nanos deadline = monotonic_clock().now() + kKillPatience;
    do {
      tell(SIGKILL);
    } while (!reap_all(20 * kMillisecond) && monotonic_clock().now() < deadline);
  }

  void give_terminal_back() { give_terminal_back_from(group_); }
  void give_terminal_back_from(pid_t group) const {
    if (terminal_owner_ > 0 && ::tcgetpgrp(0) == group) ::tcsetpgrp(0, terminal_owner_);
  }

  Channel channel_;
  HostPlan plan_;
  UniqueFd children_;  // signalfd
  pid_t terminal_owner_ = 0;
  pid_t command_ = 0;  // running now; 0: none
  pid_t group_ = 0;    // of the last command: may outlive it
  bool hup_was_ignored_ = false;
};

}  // namespace

void host_process_main(Channel channel, HostPlan plan) {
  {
    HostProcess process(std::move(channel), std::move(plan));
    process.set_up();
    process.serve();
    process.clean_up();
  }
  ::_exit(0);
}

}  // namespace sunder::harness
