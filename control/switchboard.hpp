// Switchboard: holds every named cut and fault, and puts them in force in the packet filter and the proxy together.
//
// API route → command (a value) → **Switchboard** → PacketFilter::apply, then Proxy::apply → EventLog → answer.
// A command is checked as a whole; only then anything changes. One lock orders commands, and each has an epoch. The packet
// filter comes first, because only it can refuse: on its error nothing has changed. So new connections are stopped before
// the proxy ends the old ones, and a heal frees the packets before the proxy lets held bytes go; the answer comes when
// both are done.
// Cuts stack: a pair under several cuts is free only when the last is removed. Leases and durations run out in a thread of
// the Switchboard, which heals as any command does.
//
// Times that go out are nanoseconds since t0. Names are [a-z][a-z0-9-]{0,30}, one space of names for cuts and faults;
// p1, p2, … and f1, f2, … are given where none is asked for.
// Thread: any; the lock is held for one turn of the proxy's loops. Ownership: borrows proxy, filter, clock and event log,
// which must outlive it; owns the lease thread.
// Tested by tests/control/switchboard_test.cpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/event_log.hpp"
#include "proxy/identify/node_processes.hpp"
#include "proxy/packet/packet_filter.hpp"
#include "proxy/proxy.hpp"
#include "sunder/client.hpp"
#include "sunder/fault.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::control {

struct SwitchboardOptions {
  Topology topology;
  proxy::Proxy* proxy = nullptr;          ///< required
  proxy::PacketFilter* filter = nullptr;  ///< none: `drop` is refused, with `no_filter_reason`
  std::string no_filter_reason = "this network mode has no packet filter";
  std::string mode = "netns";
  std::string version;
  Nanos t0 = 0;
  const Clock* clock = &monotonic_clock();
  EventLog* events = nullptr;  ///< required
  /// Which processes are the nodes. Where it is given, connections between them that go around the
  /// proxy are looked for every second. Shared with the proxy, which knows sources by it.
  std::shared_ptr<proxy::NodeProcesses> processes;
};

/// A connection between two nodes' processes that goes around the proxy: no fault acts on it.
struct BypassLine {
  Pair pair;  ///< who dialled whom
  int from_pid = 0;
  int to_pid = 0;
  std::string source;  ///< "127.0.0.1:50000"
  std::string destination;
  Nanos since = 0;  ///< first seen
};

/// A cut or fault on a pair, as `status` shows it.
struct CutOnPair {
  std::string name;
  CutKind kind = CutKind::drop;
  Nanos since = 0;
};

/// Any rule on a pair, with its part in what happens there now.
struct RuleOnPair {
  std::string name;
  std::string kind;  ///< "drop", "delay", …
  bool is_cut = false;
  bool off = false;  ///< flapping, and out of force now
  bool acts = true;  ///< false: something before it stops all that it could act on
  std::string why;   ///< if it does not act
};

struct PairReport {
  Pair pair;
  std::vector<CutOnPair> cuts;  ///< in force now
  std::vector<std::string> faults;
  std::vector<RuleOnPair> rules;  ///< all of them, in the order in which they act (stacking.hpp)
  std::string established;        ///< what becomes of bytes on open connections, in one word
  std::string opening;            ///< and of new connections
  proxy::PairStats stats;
};

struct StatusReport {
  Nanos t0 = 0;
  Nanos now = 0;
  Nanos up = 0;  ///< since the switchboard was made; t0 may be the clock's own origin
  std::uint64_t epoch = 0;
  std::string mode;
  std::string version;
  struct NodeLine {
    Node node;
    bool down = false;
    std::vector<int> pids;
  };
  std::vector<NodeLine> nodes;
  std::vector<PairReport> pairs;
  std::vector<proxy::LoopLag> lag_by_loop;
  bool has_filter = false;
  std::string filter_error;  ///< why the packet counters are missing, if they are
  proxy::PacketCounters packets;
  std::vector<BypassLine> bypasses;  ///< open now
  std::vector<std::string> notes;
};

/// A rule in force, with what a list of rules shows beyond a RuleReport.
struct RuleInForce {
  RuleReport report;
  bool is_cut = false;
  std::map<std::string, std::string> params;
  double probability = 1.0;
  Nanos ends_at = 0;  ///< 0: never
  std::string lease;  ///< empty: none
  Nanos flap_on = 0;  ///< 0: does not flap
  Nanos flap_off = 0;
  bool off = false;
  std::string frame;
  std::uint64_t after_bytes = 0;
  std::uint64_t after_messages = 0;
};

class Switchboard {
 public:
  static constexpr std::size_t kRulesMax = 1000;

  explicit Switchboard(SwitchboardOptions options);
  /// Stops the lease thread; what is in force stays (call shutdown first to heal).
  ~Switchboard();
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  /// ERRORS: invalid, not_found, exists, unsupported (drop without a packet filter); io from the kernel.
  Result<Applied> partition(const PartitionRequest& request);
  /// Removes the named cuts, or every cut; with `all` every fault too. Nothing to remove is no error.
  Result<Applied> heal(const std::vector<std::string>& names, bool all);
  /// `internal` names ("toxi:redis/slow") have a colon, so that no user's rule can have one.
  enum class NameRule { user, internal };
  Result<Applied> add_fault(const FaultSpec& fault, NameRule name_rule = NameRule::user);
  /// Changes parameters (those not named stay) and, if given, the probability, in place: connections keep their dice,
  /// positions and counters. ERRORS: not_found, invalid.
  Result<Applied> update_fault(const std::string& name,
                               const std::map<std::string, std::string>& params,
                               std::optional<double> probability);
  Result<Applied> remove_fault(const std::string& name);
  /// A name for what somebody holds open; rules tied to it end with it. ERRORS: unavailable (too_many_leases).
  Result<std::string> open_lease();
  /// Removes every rule tied to it, and forgets it.
  Result<Applied> close_lease(const std::string& lease);
  /// ERRORS: not_found (unknown_lease, unknown_name).
  Status tie(const std::string& rule, const std::string& lease);
  [[nodiscard]] bool has_fault(const std::string& name) const;
  /// Removes every rule with an internal name that begins so, in one step.
  Result<Applied> remove_internal(const std::string& prefix);

  static constexpr std::size_t kNodesMax = 4096;
  /// A node from now on, known to every loop when this returns. ERRORS: exists, invalid (name, too many nodes).
  Result<NodeId> add_node(Node node);
  /// Ends what rules do on its pairs; a rule without pairs ends. No listener may lead to it any more: its index may
  /// serve a later node. ERRORS: not_found.
  Status remove_node(const std::string& name);
  /// A node known dead is not brought to the proxy, so that its own refusal comes back.
  Status set_node_down(const std::string& node, bool down);
  static constexpr std::size_t kPidsPerNodeMax = 64;
  /// Which processes are the node, from now on; none forgets them. Children belong to it too.
  /// ERRORS: not_found, invalid (bad_pid), unsupported (the network mode knows the nodes itself).
  Status set_node_pids(const std::string& node, const std::vector<int>& pids);
  /// One sentence for each connection around the proxy that was ever seen, at most 20.
  [[nodiscard]] std::vector<std::string> bypasses_seen() const;
  /// Everything in force, with what it has touched so far.
  Result<std::vector<RuleInForce>> rules();
  StatusReport status();
  /// Removes every cut and fault (`why` of their events: shutdown) and takes no more commands.
  Result<Applied> shutdown();

  /// The nodes now. A value of its own: it does not change when nodes come or go.
  [[nodiscard]] std::shared_ptr<const Topology> topology() const;
  [[nodiscard]] EventLog& events() const;
  /// Nanoseconds since t0.
  [[nodiscard]] Nanos now() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sunder::control
