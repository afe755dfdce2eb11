// Child: a process of its own for a test, which must be seen as another process by /proc.
//
// The body runs in the child right after fork(): no checks of the test framework there, only system
// calls. It writes to its parent through `pipe`; when it returns the child lives on, with all its
// descriptors open, until the Child is destroyed. Thread: the test's; fork before starting threads
// where that can be done. Ownership: the process; it dies with the Child, however the test ends.
#pragma once

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/fd.hpp"
#include "tests/support/catch.hpp"

namespace sunder::test {

class Child {
 public:
  template <class Body>
  explicit Child(Body body) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(ends[0]);
      body(ends[1]);
      char byte = 0;
      while (::read(ends[1], &byte, 1) > 0) {
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    pipe_.reset(ends[0]);
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The next number that the child has told.
  int told() {
    int out = -1;
    REQUIRE(::recv(pipe_.get(), &out, sizeof out, MSG_WAITALL) == sizeof out);
    return out;
  }
  /// Lets a body that waits in heard() go on.
  void tell(int what) { REQUIRE(::write(pipe_.get(), &what, sizeof what) == sizeof what); }

  // In the child:
  static void say(int pipe, int what) {
    if (::write(pipe, &what, sizeof what) != sizeof what) ::_exit(1);
  }
  static int heard(int pipe) {
    int out = -1;
    if (::recv(pipe, &out, sizeof out, MSG_WAITALL) != sizeof out) ::_exit(1);
    return out;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd pipe_;
};

}  // namespace sunder::test
