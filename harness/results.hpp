// Results of a run: what results.json holds, as a value; and the ways to write and read it.
//
// runner → **RunResults** → results.json, junit.xml, report.html. `sunder report DIR` reads results.json again.
// The JSON is CONTRACT.md's, "JSON results". Thread: values.
#pragma once

#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/ladder.hpp"
#include "check/order/measures.hpp"
#include "sunder/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

struct FaultRecord {
  std::string name;
  std::string kind;
  std::vector<Pair> pairs;
  Nanos asked_at = 0;
  Nanos in_force_at = 0;
  Nanos healed_at = 0;  ///< 0: never
  Touched touched;
  bool vacuous = false;
  std::vector<std::string> nodes = {};  ///< of kill, pause and skew, which have no pairs
  std::string detail = {};              ///< of skew: "+500ms"
};

/// How long the cluster took to serve again after a heal.
struct RecoveryRecord {
  std::string fault;
  Nanos healed_at = 0;
  Nanos recovered_at =
      0;  ///< every node answers a linearizable read again; 0: not within the bound
  Nanos bound = 0;
  bool recovered = false;
};

/// A moment in which the harness itself stood still; the window around it is void.
struct StallRecord {
  Nanos at = 0;
  Nanos length = 0;
};

/// A consistency model of the ladder, strongest first.
struct LadderRung {
  std::string name;
  check::RungState state = check::RungState::unknown;
  std::uint64_t power = 0;
  std::string reason;  ///< where it is neither refuted nor passed: the contract's CODE
  std::string text;
};

/// A write that was acknowledged, and that no read after the last heal shows (harness/lost_writes.hpp).
struct LostWrite {
  std::string op;  ///< write, cas, add, append
  std::string key;
  std::string value;  ///< JSON
  std::string node;   ///< that acknowledged it
  std::string side;   ///< of the fault below; empty: none
  std::string fault;  ///< in force at some moment from its request to its answer; empty: none
  std::int64_t process = 0;
  Nanos asked_at = 0;
  Nanos acknowledged_at = 0;
  std::uint64_t reads = 0;  ///< asked after the last heal and its answer, and none shows it
};

/// What a budget of wall-clock time did to the run (harness/budget.hpp).
struct BudgetRecord {
  Nanos asked = 0;  ///< 0: the run had none
  Nanos load_asked = 0;
  Nanos load_granted = 0;
  std::string
      ran_out;  ///< in which phase: start, set-up, faults, recovery, reads; empty: it sufficed
};

struct RunResults {
  std::string sunder_version;
  std::string suite;
  check::Verdict verdict = check::Verdict::unknown;
  std::string reason;
  std::uint64_t seed = 0;
  std::string system_name;
  std::string system_version;
  std::vector<std::string> nodes;
  Nanos duration = 0;
  std::uint64_t ops = 0;
  std::vector<check::CheckResult> checks;
  std::vector<FaultRecord> faults;
  std::vector<check::AvailabilityRow> availability;
  std::vector<check::StalenessRow> staleness;
  std::vector<LadderRung> ladder;  ///< empty: not climbed, or no model fits the operations
  std::vector<LostWrite> lost_writes;
  std::vector<RecoveryRecord> recovery;
  std::vector<StallRecord> stalls;
  std::vector<std::string>
      notes;  ///< plain sentences that a reader must know ("the run was interrupted")
  BudgetRecord budget;
};

/// `history_path`: from which the witness's events are copied into the JSON.
[[nodiscard]] Result<std::string> results_json(const RunResults& results,
                                               const std::string& history_path);
[[nodiscard]] Result<RunResults> parse_results(const std::string& json);
/// JUnit XML: fail is <failure>, unknown is <error>, never <skipped>.
[[nodiscard]] std::string junit_xml(const RunResults& results);
/// Writes report.html of a run folder from results.json, history.jsonl and events.jsonl in it.
[[nodiscard]] Status write_report(const std::string& run_dir);

}  // namespace sunder::harness
