// Session: a cluster behind the proxy, from nothing to ready, and back to nothing. What `run` and `wrap` share.
//
// The order of start() is docs/internals/ARCHITECTURE.md, "A session, in order": host side, host sockets, unshare, launcher,
// namespaces, packet filter, forwarding; only then threads: proxy, control API, supervisor.
// In explicit mode (network = "explicit") there are no namespaces and no packet filter,
// and the nodes' addresses are the proxy's.
// Thread: start() REQUIRES the process's only thread; after it the session is driven from that thread.
// Ownership: owns everything it started; stop() (or the destructor) ends it in the opposite order. SIGKILL at any moment
// leaves nothing behind: see the host side and the launcher.
// Tested by tests/cluster/.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/cluster.hpp"
#include "harness/suite.hpp"
#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::cli {

struct SessionOptions {
  const harness::Suite* suite = nullptr;
  std::string run_dir;           ///< an existing folder on the host: events.jsonl, logs/
  std::string scratch_dir;       ///< an existing empty folder; removed at the end by the host side
  unsigned harness_clients = 0;  ///< c1 … cN
  bool endpoints_advertised = false;  ///< nodes tell clients their host endpoint (wrap on the host)
  Nanos t0 = 0;
  std::uint64_t seed = 0;
  Nanos ready_by = 0;  ///< on the clock: the cluster is not waited for any longer; 0: its own bound
  std::function<void(const std::string&)> progress;
};

/// A command beside the cluster, on the host or in the client namespace.
struct CommandPlan {
  std::vector<std::string> argv;
  std::vector<std::string> env;  ///< "NAME=value", complete
  std::string cwd;
  bool inside = false;
};

class Session {
 public:
  /// ERRORS: unavailable (database, port), unsupported (this machine), io, timeout (cluster not ready; its id is
  /// "budget.time" where ready_by was the limit).
  static Result<std::unique_ptr<Session>> start(const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] harness::Cluster& cluster();
  [[nodiscard]] const Topology& topology() const;
  /// Control API as seen from this process, from the host, and from the client namespace.
  [[nodiscard]] std::string api_url() const;
  [[nodiscard]] std::string api_url_host() const;
  [[nodiscard]] std::string api_url_client() const;

  /// Explicit mode: one sentence for each connection that went around the proxy.
  [[nodiscard]] std::vector<std::string> bypasses() const;

  /// Starts a command. RETURNS 0, or the exit code 126 or 127 when it can't be executed.
  Result<int> run_command(const CommandPlan& plan);
  /// The wait status once the command has ended; nothing at the time-out.
  Result<std::optional<int>> wait_command(Nanos timeout);
  void signal_command(int signal);

  /// Heals, stops the cluster, the proxy and the API, and waits for the host side. Idempotent.
  void stop();

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Explicit mode: a run in which the database went around the proxy says nothing. REQUIRES some.
[[nodiscard]] Error bypass_error(const std::vector<std::string>& bypasses);

}  // namespace sunder::cli
