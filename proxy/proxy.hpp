// Proxy: the byte hall. Loops, listeners, connections, pipelines.
//
// client → Listener → Connection → Pipeline (faults in order) → server, and the same back.
// Every accepted connection learns its pair: in netns mode from the addresses of the socket
// (TPROXY keeps both), on an endpoint listener from the listener. Towards the server the proxy
// connects with the client's own address where `spoof_source` is set (IP_TRANSPARENT), so that the
// packet filter sees the pair on both legs.
// It reads nothing from a client until the server side is connected, and mirrors a refusal as RST.
//
// Listeners come and go at run time. A name as upstream is looked up at each dial, off the loop's
// thread.
// A hold leaves the SYNs of new connections unanswered where the pair has a listener of its own
// (accept_gate.hpp). A listener without a source serves every source: who dialled is found out
// (identify/), or is kUnknownNode.
//
// Thread: every call from any thread but a loop's; each blocks only for a turn or two of every
// loop.
// Ownership: the Proxy owns its loops' threads and every descriptor given to it.
// Tested by tests/proxy/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "proxy/fault_set.hpp"
#include "proxy/loop_lag.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::proxy {

/// Names one listener for its whole life; 0 is none.
using ListenerId = std::uint64_t;

inline constexpr std::size_t kListenerConnectionsMax = 50'000;

class NodeProcesses;  // proxy/identify/node_processes.hpp

/// Where a listener leads: an address or a name, which is looked up when somebody connects.
struct Upstream {
  std::string host;
  std::uint16_t port = 0;
};

struct ListenerSpec {
  enum class Kind {
    /// Serves every pair: peer address = source node, own address = destination node and port.
    tproxy,
    endpoint,  ///< one source and one destination
  };
  Kind kind = Kind::endpoint;
  UniqueFd fd;                   ///< bound stream socket, listening or not yet
  NodeId source = kUnknownNode;  ///< endpoint only; kUnknownNode: shared by every source
  NodeId destination = kUnknownNode;
  IpPort upstream;  ///< endpoint only: where the destination listens
  Upstream to;      ///< endpoint only: the same by name; counts where `upstream` has no address
  /// Endpoint only: a server that has not answered by then is refused to the client; 0: the
  /// kernel's own patience.
  Nanos dial_timeout = 5 * kSecond;
  int backlog = 4096;  ///< the kernel caps it at net.core.somaxconn
  /// Endpoint only: open at once; more wait in the kernel's queue. 0: listener_connections_max.
  std::size_t connections_max = 0;
};

struct ProxyOptions {
  Topology topology;
  std::vector<ListenerSpec> listeners;
  unsigned threads = 1;
  std::uint64_t seed = 0;
  bool spoof_source = false;              ///< bind upstream sockets to the source node's address
  std::size_t held_bytes_max = 1U << 20;  ///< per pipeline: above it the other socket is not read
  Nanos spin = 0;                         ///< adaptive spin of a quiet loop; 0: off
  std::size_t connections_max = 100'000;  ///< open at once; more wait in the kernel's queues
  /// At an endpoint that does not say itself: one alone can't take all of the proxy's.
  std::size_t listener_connections_max = kListenerConnectionsMax;
  const Clock* clock = &monotonic_clock();
  /// By which the source of a connection to a shared listener is found; null: by its address only.
  std::shared_ptr<const NodeProcesses> processes;
};

/// Counters of one directed pair since the start (open figures: now).
struct PairStats {
  PairId pair;
  std::uint64_t connections_open = 0;   ///< established now, with a pipeline of this pair
  std::uint64_t connections_total = 0;  ///< opened by `from` towards `to`
  std::uint64_t refused =
      0;                     ///< attempts by `from` that the server refused or that never connected
  std::uint64_t resets = 0;  ///< connections ended by RST
  std::uint64_t bytes_in = 0;       ///< read from `from`
  std::uint64_t bytes_out = 0;      ///< written to `to`
  std::uint64_t bytes_held = 0;     ///< waiting now
  std::uint64_t bytes_omitted = 0;  ///< discarded because a fault was asked to
  std::uint64_t bytes_changed = 0;  ///< by `corrupt`
  bool intact = true;  ///< on every connection, what went out is a prefix of what was let in
  /// A fault was asked to change or omit bytes, and did.
  [[nodiscard]] bool altered() const noexcept { return bytes_omitted + bytes_changed > 0; }
};

struct ProxySnapshot {
  std::uint64_t epoch = 0;
  std::vector<PairStats> pairs;  ///< only pairs that ever had a connection or an attempt
  std::vector<std::size_t> connections_by_loop;  ///< open or opening now
  std::vector<LoopLag> lag_by_loop;              ///< since the start
};

/// The outcome of Proxy::apply.
struct ApplyReport {
  std::uint64_t epoch = 0;
  Nanos in_force_at = 0;              ///< absolute clock: the last loop has swapped
  Nanos loops_took = 0;               ///< the longest that a loop needed once it had the order
  std::map<RuleId, Touched> removed;  ///< rules that this set no longer has, and what they touched
};

class Proxy {
 public:
  /// ERRORS: io (no descriptor, no thread).
  static Result<std::unique_ptr<Proxy>> start(ProxyOptions options);
  virtual ~Proxy() = default;

  /// Replaces everything in force. Returns when every loop has it. Held bytes of removed rules
  /// flow at once, in order.
  /// REQUIRES set->epoch greater than any before.
  virtual ApplyReport apply(FaultSetPtr set) = 0;
  /// ERRORS: unsupported where new connections of the pair could not be held, because they come in
  /// with others.
  [[nodiscard]] virtual Status can_hold(PairId /*pair*/) { return {}; }
  /// A listener from now on: every loop accepts when this returns. ERRORS: io, unavailable (the
  /// proxy has stopped), unsupported (a shared listener to a node that is under a hold).
  virtual Result<ListenerId> listen(ListenerSpec spec) = 0;
  /// Accepts no more there; with `end_connections` what was accepted there ends: by FIN, or
  /// by RST where bytes are lost by it. Done when this returns.
  virtual void unlisten(ListenerId id, bool end_connections) = 0;
  /// Counters, and what every rule in force has touched so far.
  [[nodiscard]] virtual ProxySnapshot snapshot() = 0;
  [[nodiscard]] virtual std::map<RuleId, Touched> touched() = 0;
  /// Stops accepting, resets what is open, joins the loops. Idempotent; the destructor calls it.
  virtual void stop() = 0;
};

}  // namespace sunder::proxy
