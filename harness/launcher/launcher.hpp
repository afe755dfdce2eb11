// Launcher: the one process that forks the database nodes and the commands inside; pid 1 of their pid namespace.
//
// sunder (single-threaded, isolated) clones **Launcher** → it forks nodes on request → reports their ends. When sunder
// ends in any way (SIGKILL included), the launcher gets SIGKILL as its parent-death signal and end of file on its socket
// pair, and the kernel kills all of its pid namespace with it. It has its own mounts with its own /proc, and its own
// session, so that a Ctrl-C never reaches a database.
// Each started process has its own session, mount and UTS namespace (hostname, /etc/hosts) and the network namespace
// that the request brings as a descriptor. Pids are given as this process sees them.
// Thread: start REQUIRES exactly one; the other calls any, one request at a time (locked); next_exit: one reader.
// Tested by tests/harness/launcher_test.cpp.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/skeleton/channel.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

using LaunchId = std::int64_t;

struct LaunchSpec {
  LaunchId id = 0;  ///< chosen by the caller with new_id(), so that an early end can be told apart
  std::vector<std::string> argv;  ///< argv[0] is looked up in env's PATH
  std::vector<std::string> env;   ///< "NAME=value", complete
  std::string cwd;                ///< empty: /
  std::string hostname;           ///< empty: the host's
  std::string hosts_file;  ///< path of a file that stands in for /etc/hosts; empty: the host's
  std::string log;         ///< path on the host, appended with both outputs; empty: `stdio`
  std::array<int, 3> stdio{-1, -1, -1};  ///< where `log` is empty; -1: /dev/null
  int network = -1;                      ///< network namespace; -1: the router's
  /// Its user and group as it sees them, in a user namespace of its own where they are what sunder's are here, so that
  /// files need no other owner; -1: sunder's (user_namespaces(7)).
  std::int64_t user = -1;
  std::int64_t group = -1;
  /// libfaketime keeps two files in /dev/shm, which a kill leaves there: the process has a /dev/shm of its own, or, without
  /// namespaces, the files of its number are removed at its end.
  bool own_shm = false;
};

struct Launched {
  pid_t pid = 0;          ///< as this process sees it
  int exec_errno = 0;     ///< why it could not be started; 0: it runs
  std::string failed_at;  ///< the step that failed, in words

  [[nodiscard]] bool started() const { return exec_errno == 0; }
  /// Of exec_errno, in words: "No such file or directory".
  [[nodiscard]] std::string reason() const;
};

struct ExitReport {
  LaunchId id = 0;
  int wait_status = 0;
};

class Launcher {
 public:
  enum class Walls {
    namespaces,  ///< as above
    none,        ///< explicit mode, no privilege: what it started ends with it, but for processes
                 ///< that leave their process group and their parent both
  };
  /// REQUIRES exactly one thread; with namespaces, isolate() before. ERRORS: unsupported, io.
  static Result<std::unique_ptr<Launcher>> start(Walls walls = Walls::namespaces);
  /// close().
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  [[nodiscard]] LaunchId new_id();
  /// ERRORS: unavailable (the launcher is gone). A program that can't be started is not an error here: see Launched.
  Result<Launched> launch(const LaunchSpec& spec);
  /// To the process group, and to descendants in groups of their own. ERRORS: not_found (it has ended), unavailable.
  Status signal(LaunchId id, int number);
  /// Blocks for the next end of a started process. When the main process of a launch ends, the rest of its process group is
  /// killed. RETURNS nothing when the launcher is gone or interrupt_exits was called.
  Result<std::optional<ExitReport>> next_exit();
  void interrupt_exits() { exits_.shutdown(); }

  /// Ends the launcher and with it everything that it started; waits for it. Idempotent.
  void close();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Launcher(Channel requests, Channel exits, pid_t pid, Walls walls)
      : requests_(std::move(requests)), exits_(std::move(exits)), pid_(pid), walls_(walls) {}
  Result<Frame> ask(const FrameWriter& request, const std::vector<int>& fds);

  std::mutex mutex_;
  Channel requests_;
  Channel exits_;
  pid_t pid_ = 0;
  Walls walls_;
  LaunchId last_id_ = 0;
};

}  // namespace sunder::harness
