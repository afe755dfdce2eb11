// Plan: the phases of a CAP experiment, in their order, as values. Nothing is started here.
//
// row + seed → **make_plan** → experiment.
//   capacity        closed loop for a moment: what the cluster can do; all later phases ask for at most 30 % of it
//   calm            no fault: what is offered, and whether it is consistent
//   delay           round trips between nodes take `rtt` longer: 0, then 5, 10, 20, 40 ms shuffled, and 0 again (drift)
//   quorum_delay    only `count` nodes are that far away: up to f of n = 2f + 1 it costs the others nothing
//   relay           one way between two nodes is slow: does an effect come there before its cause, by way of the third?
//   audit           clients pause, and every key is read at every node
//   cut             one node on its own for settle, two time-outs and some more: the leader, then each other node
//   quorum_cut      2 … f + 1 nodes, each on its own, the leader among them: in the end the others are no majority
//   notice          short cuts, each longer than the last: how long must one be until somebody notices?
//   final_audit     everything healed and serving again: what every node shows in the end
// Thread: pure. Tested by tests/harness/cap_plan_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/cap/row.hpp"
#include "harness/suite.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::cap {

enum class PhaseKind : std::uint8_t {
  capacity,
  calm,
  delay,
  quorum_delay,
  relay,
  audit,
  cut,
  quorum_cut,
  notice,
  final_audit
};
[[nodiscard]] const char* name_of(PhaseKind kind);

struct PhasePlan {
  PhaseKind kind = PhaseKind::calm;
  Nanos length = 0;
  Nanos rtt = 0;            ///< delay, quorum_delay; relay: all of it on one way
  unsigned count = 0;       ///< quorum_delay, quorum_cut: how many nodes; relay: which of the ways
  std::string target = {};  ///< cut, notice: "leader", or "another" that was not cut off yet
};

struct Plan {
  std::vector<PhasePlan> phases;
  unsigned clients = 12;  ///< spread evenly over the nodes
  unsigned keys = 3;
  Nanos op_timeout = kSecond;
  Nanos settle = 5 * kSecond;  ///< availability leaves out so much of a cut, at most a third of it
  double rate_per_client = 8;  ///< open loop, at most
  Nanos recovery_bound = 30 * kSecond;
};

/// ERRORS: invalid, a delay is longer than a quarter of the election time-out: then the delay itself would be a fault.
[[nodiscard]] Result<Plan> make_plan(const Row& row, bool quick, std::uint64_t seed);

/// Open loop, operations per second over all clients: at most 30 % of the capacity.
[[nodiscard]] double rate_for(const Plan& plan, double capacity);

/// The cluster and the clients as a suite, for the session.
[[nodiscard]] Suite suite_of(const Row& row, const Plan& plan);

/// f of n = 2f + 1 (or 2f + 2).
[[nodiscard]] constexpr unsigned faults_tolerated(unsigned nodes) {
  return nodes == 0 ? 0 : (nodes - 1) / 2;
}

}  // namespace sunder::harness::cap
