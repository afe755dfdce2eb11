// Measure: from the recorded history and what was done when, to the numbers and letters of a row.
//
// history + Records → **measure** → Findings. Split along what is measured: letters_of.cpp puts it together,
// latencies.cpp (slopes, the edge by delay), models.cpp (relays, the strongest model), cuts.cpp (cells, detection,
// recovery, the edge by cut), parts.cpp (parts of a history). Thread: pure. Tested by tests/harness/cap_measure_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"
#include "harness/cap/findings.hpp"

namespace sunder::harness::cap {

struct MeasureInput {
  const check::History& history;
  const std::vector<check::FaultWindow>& windows;  ///< cuts, by time
  const Plan& plan;
  const Row& row;
  check::Budget budget;
};

/// Fills all of Findings but row, system, version, nodes, seed, quick, run_dir; `findings->records` and `->whole` (the
/// court's verdict on the whole history) are there already.
void measure(const MeasureInput& input, Findings* findings);

/// The node gave an answer; that a compare-and-set found another value is one.
[[nodiscard]] inline bool was_answered(const check::Op& op) {
  return op.outcome == EventType::ok || op.error == OpErrorClass::mismatch;
}

// Parts of a history. Operations that ended after a part's end are pending in it; unanswered reads are left out.
/// What was asked before `end`.
[[nodiscard]] check::History before(const check::History& history, Nanos end);
/// Writes, compare-and-sets and the auditors' reads: what is left to judge writes by when clients' reads may be stale.
[[nodiscard]] check::History without_client_reads(const check::History& history, const Plan& plan,
                                                  std::size_t nodes);
/// Without operations during which the harness itself stood still.
[[nodiscard]] check::History without_stalls(const check::History& history,
                                            const std::vector<StallRecord>& stalls);
/// When the first cut began; the end of time where there is none.
[[nodiscard]] Nanos first_cut(const Records& records);

/// Latencies per operation and role in the delay phases, with their slopes.
[[nodiscard]] std::vector<RoleLatency> measure_latencies(const MeasureInput& input,
                                                         const Records& records,
                                                         std::uint64_t seed);
[[nodiscard]] RaceFindings measure_relays(const MeasureInput& input, const Records& records);
[[nodiscard]] RaceFindings measure_crossings(const MeasureInput& input, const Records& records);
/// Which models stand. One that speaks of causes (causal, session, writes-follow-reads) is shown only where relays gave it
/// the chance to fail, and `sequential` only where crossings did too.
[[nodiscard]] std::vector<ModelFindings> measure_models(const MeasureInput& input,
                                                        const RaceFindings& relays,
                                                        const RaceFindings& crossings);

/// Steps with delayed nodes, against the undelayed phases.
[[nodiscard]] std::vector<QuorumStep> measure_quorum_delay(const MeasureInput& input,
                                                           const Records& records);

/// What each node answered in the cuts that were long enough, per operation that it offered in calm weather.
[[nodiscard]] std::vector<Cell> measure_cells(const MeasureInput& input, const Records& records);
[[nodiscard]] std::vector<QuorumStep> measure_quorum_cut(const MeasureInput& input,
                                                         const Records& records);
[[nodiscard]] std::vector<CutFindings> measure_cuts(const MeasureInput& input,
                                                    const Records& records);
/// The two measured f of steps with rising numbers of nodes.
void find_edges(QuorumFindings* quorum);

}  // namespace sunder::harness::cap
