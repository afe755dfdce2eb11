// Proxy: the byte hall. Loops, listeners, connections, pipelines.
//
// client → Listener → Connection → Pipeline (faults in order) → server, and the same back.
// Every accepted connection learns its pair: in netns mode from the addresses of the socket (TPROXY keeps both), on an
// endpoint listener from the listener. Towards the server the proxy connects with the client's own address where
// `spoof_source` is set (IP_TRANSPARENT), so that the packet filter sees the pair on both legs.
// It reads nothing from a client until the server side is connected, and mirrors a refusal as RST.
//
// Thread: start, apply, snapshot and stop from any thread but a loop's; each blocks only for one turn of every loop.
// Ownership: the Proxy owns its loops' threads and every descriptor given to it.
// Tested by tests/proxy/.
#pragma once

#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "proxy/fault_set.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::proxy {

struct ListenerSpec {
  enum class Kind {
    tproxy,  ///< serves every pair: peer address = source node, own address = destination node and port
    endpoint,  ///< one source and one destination
  };
  Kind kind = Kind::endpoint;
  UniqueFd fd;                   ///< bound stream socket, listening or not yet
  NodeId source = kUnknownNode;  ///< endpoint only
  NodeId destination = kUnknownNode;
  IpPort upstream;  ///< endpoint only: where the destination listens
};

struct ProxyOptions {
  Topology topology;
  std::vector<ListenerSpec> listeners;
  unsigned threads = 1;
  std::uint64_t seed = 0;
  bool spoof_source = false;              ///< bind upstream sockets to the source node's address
  std::size_t held_bytes_max = 1U << 20;  ///< per pipeline: above it the other socket is not read
  Nanos spin = 0;                         ///< adaptive spin of a quiet loop; 0: off
  const Clock* clock = &monotonic_clock();
};

/// Counters of one directed pair since the start (open figures: now).
struct PairStats {
  PairId pair;
  std::uint64_t connections_open = 0;   ///< established now, with a pipeline of this pair
  std::uint64_t connections_total = 0;  ///< opened by `from` towards `to`
  std::uint64_t refused =
      0;                     ///< attempts by `from` that the server refused or that never connected
  std::uint64_t resets = 0;  ///< connections ended by RST
  std::uint64_t bytes_in = 0;    ///< read from `from`
  std::uint64_t bytes_out = 0;   ///< written to `to`
  std::uint64_t bytes_held = 0;  ///< waiting now
  bool intact = true;            ///< on every connection, what went out is a prefix of what came in
};

struct ProxySnapshot {
  std::uint64_t epoch = 0;
  std::vector<PairStats> pairs;  ///< only pairs that ever had a connection or an attempt
};

/// The outcome of Proxy::apply.
struct ApplyReport {
  std::uint64_t epoch = 0;
  Nanos in_force_at = 0;              ///< absolute clock: the last loop has swapped
  std::map<RuleId, Touched> removed;  ///< rules that this set no longer has, and what they touched
};

class Proxy {
 public:
  /// ERRORS: io (no descriptor, no thread).
  static Result<std::unique_ptr<Proxy>> start(ProxyOptions options);
  virtual ~Proxy() = default;

  /// Replaces everything in force. Returns when every loop has it. Held bytes of removed rules flow at once, in order.
  /// REQUIRES set->epoch greater than any before.
  virtual ApplyReport apply(FaultSetPtr set) = 0;
  /// Counters, and what every rule in force has touched so far.
  [[nodiscard]] virtual ProxySnapshot snapshot() = 0;
  [[nodiscard]] virtual std::map<RuleId, Touched> touched() = 0;
  /// Stops accepting, resets what is open, joins the loops. Idempotent; the destructor calls it.
  virtual void stop() = 0;
};

}  // namespace sunder::proxy
