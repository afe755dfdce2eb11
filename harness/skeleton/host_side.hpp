// HostSide: the part of sunder that stays behind on the host, as the user, in the user's own namespaces.
//
// sunder (about to leave for its own namespaces) forks **HostSide** while single-threaded; a rootless process can't come
// back. It runs the wrapped command and, when its socket pair closes (sunder has ended, by itself or by SIGKILL), it ends
// whatever the command has left running, gives the terminal back and removes the scratch folder and the run-time files.
// It lives in its own process group with the terminal's signals ignored: only the end of sunder ends it. It holds no
// descriptor of sunder but standard input and outputs.
// Thread: all calls from one thread at a time; signal_command and add_file_to_remove from any.
// Tested by tests/harness/skeleton_test.cpp.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/skeleton/channel.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

struct HostPlan {
  std::string scratch_dir;  ///< removed at the end with all that is in it; empty: none
  std::vector<std::string> files_to_remove;  ///< the run-time file that `ctl` finds
};

/// The outcome of starting a command: a pid on the host, or why exec failed.
struct CommandStart {
  pid_t pid = 0;
  int exec_errno = 0;  ///< 0: it runs

  [[nodiscard]] bool started() const { return exec_errno == 0; }
  /// As shells do: 127 not found, 126 found and not executable.
  [[nodiscard]] int failure_exit_code() const;
};

class HostSide {
 public:
  /// REQUIRES exactly one thread, and the host's namespaces. ERRORS: io, internal.
  static Result<std::unique_ptr<HostSide>> fork(const HostPlan& plan);
  /// close().
  ~HostSide();
  HostSide(const HostSide&) = delete;
  HostSide& operator=(const HostSide&) = delete;

  /// Starts the command in its own process group, in the terminal's foreground where sunder was there. At most one at a
  /// time. `env`: "NAME=value", complete; argv[0] is looked up in its PATH. ERRORS: unavailable (the host side is gone).
  Result<CommandStart> run_command(const std::vector<std::string>& argv,
                                   const std::vector<std::string>& env, const std::string& cwd);
  /// Sends a signal to the command's process group. No command: nothing happens.
  Status signal_command(int signal);
  /// RETURNS the wait status of the command once it has ended, or nothing at the time-out (0: just look).
  Result<std::optional<int>> wait_command(Nanos timeout);
  /// Readable when wait_command has news; for poll.
  [[nodiscard]] int fd() const { return channel_.fd(); }

  Status add_file_to_remove(const std::string& path);
  /// Ends the command if it still runs, waits until everything is removed (at most some seconds). Idempotent.
  void close();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  HostSide(Channel channel, pid_t pid) : channel_(std::move(channel)), pid_(pid) {}
  Status send(const FrameWriter& frame);

  Channel channel_;
  std::mutex send_mutex_;
  pid_t pid_ = 0;
};

}  // namespace sunder::harness
