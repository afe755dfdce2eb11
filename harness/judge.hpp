// Judge: from a run's files and records to its verdict: runs the checks, applies the suite's bounds, merges.
//
// history.jsonl + events.jsonl + fault records → **judge_run** → RunResults. A check that crashes is unknown, never pass.
//   linearizable   the court's verdict, then the suite's demands for power
//   availability   a measurement; judged only where the suite bounds it: "yes" is at least 99.9 % answered, "no" at
//                  most 1 %, per judged row (window, side, operation), asked operations without censored ones
//   recovery       every node served again within the bound after every heal
//   ladder         which models the history refutes; a measurement with a budget of its own
//   nemesis        stands only where every fault was vacuous, or none was made: the run proves nothing
// A window in which the harness itself stood still is void: its rows are not judged.
// Thread: pure, apart from reading the files and, where there is a limit, the clock. Tested by tests/harness/judge_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/results.hpp"
#include "harness/suite.hpp"

namespace sunder::harness {

struct JudgeOptions {
  std::string cut_short = {};   ///< why the run did not come to its end: a CODE; empty: it did
  Nanos until = check::kNever;  ///< on the monotonic clock: no check goes on then
};

/// Fills checks, availability, verdict, reason and notes of `results`; the rest of it (nodes, faults, recovery, stalls)
/// is there already. A check that has no time left is unknown, `budget.time`.
void judge_run(const Suite& suite, const std::string& history_path, const std::string& events_path,
               const JudgeOptions& options, RunResults* results);

/// Marks rows of windows that overlap a stall as not judged, with a note.
void void_stalled_rows(const std::vector<StallRecord>& stalls,
                       std::vector<check::AvailabilityRow>* rows);
/// The suite's bounds on measured rows.
[[nodiscard]] check::CheckResult judge_availability(
    const AvailabilityCheck& bounds, const std::vector<check::AvailabilityRow>& rows);
[[nodiscard]] check::CheckResult judge_recovery(const RecoveryCheck& bound,
                                                const std::vector<RecoveryRecord>& records);
/// Every model that fits the operations, strongest first. A measurement: it moves no verdict. What the budget does not
/// suffice for is unknown.
[[nodiscard]] std::vector<LadderRung> climb_ladder(const check::History& history,
                                                   const std::vector<check::FaultWindow>& windows,
                                                   const check::Budget& budget);
/// fail > unknown > pass; a run without any check is unknown, and so is one that was cut short, for that reason, unless a
/// check failed. Sets verdict and reason.
void merge_checks(const std::string& cut_short, RunResults* results);

}  // namespace sunder::harness
