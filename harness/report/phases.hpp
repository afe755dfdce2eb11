// Phases: the answered operations of a run by the part of the run in which they were due.
//
// History + fault windows → **phases_of** → phase_latency.cpp draws and tabulates. Calm weather before the first fault;
// of each fault its settling (a leader is looked for) and the time after it, per side; then calm weather after heals.
// An operation belongs where it was asked, in open loop where it was due, for from there its time counts: one that waits
// behind a stuck one until the heal is slow *in* the fault, and not after it.
// Thread: pure. Tested by tests/harness/phases_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/report/model.hpp"

namespace sunder::harness::report {

/// Exact, by nearest rank.
struct Spread {
  std::uint64_t count = 0;
  Nanos median = 0;
  Nanos p99 = 0;
  Nanos max = 0;
};

/// What one sort of operation took in one phase.
struct PhaseRow {
  std::string phase;  ///< "before the first fault", "p1, settling", "p1, settled", "after a heal"
  std::string side;   ///< "isolated", "minority", "majority"; empty: all nodes
  std::string node;   ///< empty: all nodes of the side
  std::string op;     ///< "read"
  Spread took;
};

/// In order of time; of a phase side by side, the side's nodes after it where `by_node`.
/// COST: O(n log n + operations × windows).
[[nodiscard]] std::vector<PhaseRow> phases_of(const ReportData& data, bool by_node);

/// From when it was due (open loop) or asked until its answer. REQUIRES: it was answered.
[[nodiscard]] Nanos latency_of(const check::Op& op);

}  // namespace sunder::harness::report
