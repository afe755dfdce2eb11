// The inside of the Switchboard: its rules, and the one function that changes what is in force.
//
// Used by the switchboard*.cpp only.
// Thread: everything below is guarded by `mutex`, but for `options` and `made_at`, which never change.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "control/packet_plan.hpp"
#include "control/switchboard.hpp"
#include "proxy/identify/bypass.hpp"

namespace sunder::control {

/// A rule in force, and what is needed to report on it.
struct HeldRule {
  proxy::Rule rule;             ///< as the proxy gets it
  std::string kind;             ///< "drop", "delay", …
  proxy::PacketRules packets;   ///< its share of the packet filter's sets
  proxy::PacketCounters since;  ///< what those elements had counted before it came
  Nanos asked_at = 0;           ///< since t0
  Nanos in_force_at = 0;        ///< since t0
  Nanos ends_at = 0;            ///< since t0; 0: never
  std::string lease;            ///< ends with this held-open lease; empty: with none
  Nanos flap_on = 0;            ///< a flapping cut: in force so long, …
  Nanos flap_off = 0;           ///< … then out of force so long
  Nanos flips_at = 0;           ///< since t0; 0: does not flap
  bool off = false;             ///< flapping, and out of force now
  Touched past;                 ///< what it met in the times it was in force before
  [[nodiscard]] bool is_cut() const { return rule.cut.has_value(); }
};

struct Switchboard::State {
  explicit State(SwitchboardOptions given)
      : options(std::move(given)),
        topology(std::make_shared<const Topology>(options.topology)),
        made_at(options.clock->now()) {}

  SwitchboardOptions options;                ///< its topology is that of the start only
  std::shared_ptr<const Topology> topology;  ///< the nodes now
  Nanos made_at;                             ///< of the clock itself
  std::mutex mutex;
  std::condition_variable wake;  ///< the lease thread: rules changed, or stop
  bool stopping = false;
  bool closed = false;  ///< after shutdown: no more commands
  std::uint64_t epoch = 0;
  proxy::RuleId last_id = 0;
  std::uint64_t last_cut = 0;    ///< of the names p1, p2, …
  std::uint64_t last_fault = 0;  ///< of the names f1, f2, …
  std::vector<HeldRule> rules;   ///< in the order in which they came
  std::set<NodeId> down;
  std::set<std::string> leases;  ///< held open now
  std::uint64_t last_lease = 0;  ///< of the names l1, l2, …
  proxy::PacketRules packets;    ///< what the packet filter has
  std::thread lease_thread;
  std::vector<BypassLine> bypasses;  ///< at the last look, in order
  std::vector<std::string> bypasses_seen;
  std::string bypass_error;             ///< why nobody could look
  std::condition_variable bypass_wake;  ///< stop
  std::thread bypass_thread;            ///< where processes are known

  [[nodiscard]] Nanos now() const { return options.clock->now() - options.t0; }
  [[nodiscard]] std::vector<Pair> names(const std::vector<PairId>& pairs) const;
  [[nodiscard]] const HeldRule* find(const std::string& name) const;
  /// The name asked for, if it is good and free; or a free one with that letter.
  Result<std::string> take_name(const std::string& asked, bool cut);
  [[nodiscard]] Status ready_for_more() const;
  /// What the proxy gets: these rules and the nodes now.
  [[nodiscard]] proxy::FaultSetPtr fault_set(std::uint64_t epoch,
                                             const std::vector<HeldRule>& all) const;

  /// Puts `rule` in force beside the others, and writes the event.
  Result<Applied> add(HeldRule rule, const char* event, const JsonText& extra);
  /// Takes the rules that `gone` names out of force, all at one instant, and writes an event for each.
  Result<Applied> remove(const std::function<bool(const HeldRule&)>& gone, Nanos asked_at,
                         const char* why);
  [[nodiscard]] proxy::PacketRules wanted(const std::vector<HeldRule>& all) const;
  RuleReport report(const HeldRule& rule, const Touched& touched,
                    const proxy::PacketCounters& counters) const;
  void lease_loop();
  void bypass_loop();
  /// Writes an event for each connection that was not there before.
  void take_bypasses(std::vector<proxy::Bypass> found);
  void add_bypass_notes(StatusReport& out) const;
  Nanos heal_expired(Nanos moment);
  /// Switches the flapping cuts whose time has come by `moment`. RETURNS when to look again; 0: nothing waits.
  Nanos flip_due(Nanos moment);
  Status flip(std::size_t index);
  /// ERRORS: not_found (unknown_lease) unless it is empty or held open.
  [[nodiscard]] Status check_lease(const std::string& lease) const;
};

}  // namespace sunder::control
