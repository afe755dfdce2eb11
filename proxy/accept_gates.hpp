// AcceptGates: the gates of all listeners of a Proxy, opened and shut as holds go and come.
//
// Proxy::apply: prepare (loops pause where a hold came; where it went, SYNs are answered) → every
// loop swaps → shut.
// A hold on either direction of a pair shuts the pair's own listener: no handshake can be done one
// way. What every rule left unanswered is counted here, and added to what the loops counted.
// Thread: under the Proxy's lock. Ownership: shares the gates with the loops' listeners.
// Tested by tests/proxy/hold_test.cpp.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "proxy/accept_gate.hpp"
#include "proxy/in_force.hpp"
#include "proxy/listener.hpp"
#include "proxy/proxy.hpp"

namespace sunder::proxy {

class AcceptGates {
 public:
  /// A gate under a hold is shut when this returns. REQUIRES that no loop accepts there yet.
  void add(const ListenerRole& role, const InForce& in_force);
  void close(ListenerId id, bool end_connections) noexcept;
  void close_all() noexcept;

  /// ERRORS: unsupported, with the reason.
  [[nodiscard]] Status can_hold(PairId pair) const;
  /// ERRORS: unsupported: nobody could be kept out of this shared listener.
  [[nodiscard]] Status can_listen(ListenerSpec::Kind kind, PairId pair,
                                  const InForce& in_force) const;

  /// Before the loops take up `next`; `removed` gets what rules that end have left unanswered.
  void prepare(const InForce& next, std::map<RuleId, Touched>& removed);
  struct Shut {
    bool any = false;
    bool failed = false;  ///< a gate stays open: the loops must look at it again
  };
  /// When all loops have taken it up.
  Shut shut();
  void add_touched(std::map<RuleId, Touched>& sums);

 private:
  struct Entry {
    PairId pair;
    bool own = false;  ///< of this pair alone
    bool can_shut = true;
    std::shared_ptr<AcceptGate> gate;
    std::vector<RuleId> holds;  ///< that keep it shut
  };
  void count(Entry& entry);

  std::map<ListenerId, Entry> entries_;
  std::map<RuleId, std::uint64_t> unanswered_;
};

}  // namespace sunder::proxy
