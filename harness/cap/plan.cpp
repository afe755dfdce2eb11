// See plan.hpp.
#include "harness/cap/plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/units.hpp"
#include "harness/cap/relay.hpp"
#include "sunder/rng.hpp"

namespace sunder::harness::cap {
namespace {

constexpr std::array<Nanos, 4> kDelays{5 * kMillisecond, 10 * kMillisecond, 20 * kMillisecond,
                                       40 * kMillisecond};
constexpr std::array<Nanos, 6> kNotice{100 * kMillisecond, 300 * kMillisecond, kSecond,
                                       3 * kSecond,        10 * kSecond,       30 * kSecond};
constexpr double kShareOfCapacity = 0.3;

// How long each phase takes. Quick: a row within 90 s; full: within five minutes.
struct Lengths {
  Nanos capacity;
  Nanos calm;  // also: what followers have not applied of the capacity's load is gone
  Nanos delay, quorum_delay, relay;
  Nanos cut;          // of the leader
  Nanos another_cut;  // of each other node
  Nanos quorum_cut;
};
constexpr Lengths kQuick{1500 * kMillisecond, 5 * kSecond, 2500 * kMillisecond, 2500 * kMillisecond,
                         1200 * kMillisecond, 9 * kSecond, 7 * kSecond,         8 * kSecond};
constexpr Lengths kFull{3 * kSecond, 8 * kSecond,  8 * kSecond,  5 * kSecond,
                        4 * kSecond, 18 * kSecond, 14 * kSecond, 12 * kSecond};

void add_delays(Plan& plan, const Lengths& lengths, std::uint64_t seed) {
  std::vector<Nanos> order(kDelays.begin(), kDelays.end());
  Rng rng(derive_seed(seed, {"delays"}));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  order.insert(order.begin(), 0);
  order.push_back(0);
  for (const Nanos rtt : order) plan.phases.push_back({PhaseKind::delay, lengths.delay, rtt});
}

// Every node by itself, the leader first; then larger sets, up to one that leaves no majority. Of two nodes either is cut
// off from the other.
void add_cuts(Plan& plan, const Lengths& lengths, unsigned nodes) {
  plan.phases.push_back({PhaseKind::cut, lengths.cut, 0, 1, "leader"});
  for (unsigned i = 1; i < nodes && nodes > 2; ++i) {
    plan.phases.push_back({PhaseKind::cut, lengths.another_cut, 0, 1, "another"});
  }
  for (unsigned count = 2; count <= faults_tolerated(nodes) + 1; ++count) {
    plan.phases.push_back({PhaseKind::quorum_cut, lengths.quorum_cut, 0, count});
  }
}

}  // namespace

const char* name_of(PhaseKind kind) {
  switch (kind) {
    case PhaseKind::capacity: return "capacity";
    case PhaseKind::calm: return "calm";
    case PhaseKind::delay: return "delay";
    case PhaseKind::quorum_delay: return "quorum-delay";
    case PhaseKind::relay: return "relay";
    case PhaseKind::audit: return "audit";
    case PhaseKind::cut: return "cut";
    case PhaseKind::quorum_cut: return "quorum-cut";
    case PhaseKind::notice: return "notice";
    case PhaseKind::final_audit: return "final-audit";
  }
  return "?";
}

Result<Plan> make_plan(const Row& row, bool quick, std::uint64_t seed) {
  const Lengths& lengths = quick ? kQuick : kFull;
  const Nanos greatest = kDelays.back();
  if (row.election_timeout > 0 && greatest > row.election_timeout / 4) {
    return Error{ErrorCode::invalid, "a round trip of " + format_duration(greatest) +
                                         " is over a quarter of the election time-out (" +
                                         format_duration(row.election_timeout) +
                                         "); start the system with a longer one"};
  }
  Plan plan;
  plan.clients = 4 * row.nodes;
  plan.phases.push_back({PhaseKind::capacity, lengths.capacity});
  plan.phases.push_back({PhaseKind::calm, lengths.calm});
  if (row.nodes > 1) {
    add_delays(plan, lengths, seed);
    for (unsigned count = 1; count < row.nodes && count <= faults_tolerated(row.nodes) + 1;
         ++count) {
      plan.phases.push_back({PhaseKind::quorum_delay, lengths.quorum_delay, greatest, count});
    }
    // Where the leader is the first of the three, all that the third learns comes the slow way; else by turns.
    for (unsigned way = 0; way < row.nodes && row.nodes >= kRelayers; ++way) {
      plan.phases.push_back({PhaseKind::relay, lengths.relay, greatest, way});
    }
    plan.phases.push_back({PhaseKind::audit});
    add_cuts(plan, lengths, row.nodes);
    for (std::size_t i = 0; i < kNotice.size() && !quick; ++i) {
      plan.phases.push_back({PhaseKind::notice, kNotice[i], 0, 1, "leader"});
    }
  }
  plan.phases.push_back({PhaseKind::final_audit});
  return plan;
}

double rate_for(const Plan& plan, double capacity) {
  return std::min(capacity * kShareOfCapacity, plan.rate_per_client * plan.clients);
}

Suite suite_of(const Row& row, const Plan& plan) {
  Suite suite;
  suite.name = std::string("cap-") + row.name;
  suite.cluster.system = row.system;
  for (unsigned i = 1; i <= row.nodes; ++i) suite.cluster.nodes.push_back("n" + std::to_string(i));
  suite.workload.clients = plan.clients;
  suite.workload.keys = plan.keys;
  suite.workload.op_timeout = plan.op_timeout;
  suite.workload.reads = row.reads;
  suite.linearizable.wanted = true;
  suite.availability.settle = plan.settle;
  suite.recovery.bound = plan.recovery_bound;
  return suite;
}

}  // namespace sunder::harness::cap
