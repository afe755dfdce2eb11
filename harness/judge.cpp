// See judge.hpp.
#include "harness/judge.hpp"

#include <algorithm>
#include <exception>

#include "base/config.hpp"
#include "base/units.hpp"
#include "check/check_kind.hpp"
#include "harness/gilbert_lynch.hpp"
#include "harness/lost_writes.hpp"
#include "harness/nemesis.hpp"
#include "harness/outages.hpp"

namespace sunder::harness {
namespace {

using check::AvailabilityRow;
using check::CheckResult;
using check::Verdict;

constexpr double kYes = 0.999;
constexpr double kNo = 0.01;
// The ladder is a measurement beside the verdict: a run does not wait long for it.
const check::Budget kLadderBudget{10, std::uint64_t{1} << 30U, nullptr};

CheckResult result(std::string name, Verdict verdict, std::string reason, std::string text) {
  CheckResult out;
  out.name = std::move(name);
  out.verdict = verdict;
  out.reason = std::move(reason);
  out.text = std::move(text);
  return out;
}

// A check that throws is unknown and says so.
template <class Function>
CheckResult guarded(const char* name, Function&& run) {
  try {
    return run();
  } catch (const std::exception& e) {
    return result(name, Verdict::unknown, "crashed", std::string("The check crashed: ") + e.what());
  } catch (...) {
    return result(name, Verdict::unknown, "crashed", "The check crashed.");
  }
}

// A pass must have the power that the suite demands.
void demand_power(const LinearizableCheck& wanted, CheckResult* check) {
  if (check->verdict != Verdict::pass) return;
  const auto demand = [check](std::uint64_t have, std::uint64_t need, const char* where) {
    if (have >= need || check->verdict != Verdict::pass) return;
    check->verdict = Verdict::unknown;
    check->reason = "vacuous.no_power";
    check->text = "Not refuted, but the suite asks for at least " + std::to_string(need) +
                  " observations with power " + where + " and there were " + std::to_string(have) +
                  "; run longer, or with more clients.";
  };
  demand(check->power_inside, wanted.power_inside, "inside the cuts");
  demand(check->power_across, wanted.power_across, "across sides");
}

std::string percent(double ratio) {
  // 0.1 % steps, and never "100 %" for less.
  const int tenths = ratio >= 1 ? 1000 : std::min(999, static_cast<int>(ratio * 1000));
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " %";
}

bool majority_row(const AvailabilityRow& row) {
  return row.side == "majority" || (row.side == "all" && !row.fault.empty());
}

struct RowJudge {
  CheckResult* check;
  std::uint64_t judged = 0;

  // One bound on one row.
  void judge(const AvailabilityRow& row, const std::string& bound) {
    const std::uint64_t counted = row.asked - row.censored;
    if (bound == "any" || !row.judged || counted == 0) return;
    ++judged;
    const double ratio = static_cast<double>(row.answered) / static_cast<double>(counted);
    const bool held = bound == "yes" ? ratio >= kYes : ratio <= kNo;
    if (held || check->verdict == Verdict::fail) return;
    check->verdict = Verdict::fail;
    check->text = "In " + row.fault + " the " + row.side + " side (" + list_of(row.nodes) +
                  ") answered " + std::to_string(row.answered) + " of " + std::to_string(counted) +
                  " operations of kind " + row.op + " (" + percent(ratio) + ") after " +
                  format_duration(row.settle) + " to settle; the suite demands " +
                  (bound == "yes" ? "at least 99.9 %." : "at most 1 %.");
  }
};

CheckResult judge_nemesis(const std::vector<FaultRecord>& faults) {
  if (faults.empty()) {
    return result("nemesis", Verdict::unknown, "vacuous.fault",
                  "The suite has a nemesis, but no fault was made; give the run more time.");
  }
  return result("nemesis", Verdict::unknown, "vacuous.fault",
                "No fault met a single packet, byte, connection or question for the time: nothing "
                "was tested.");
}

// So many seconds at most, and none after that moment.
check::Budget budget_until(Nanos until, double most) {
  check::Budget out;
  out.seconds = most;
  if (until == check::kNever) return out;
  const Nanos left = std::max<Nanos>(0, until - monotonic_clock().now());
  out.seconds = std::min(most, static_cast<double>(left) / 1e9);
  return out;
}

// True where a scheduled kind of fault met nothing in any of its windows.
bool all_vacuous(const Suite& suite, const std::vector<FaultRecord>& faults) {
  for (const NemesisSpec& spec : suite.nemeses) {
    const bool met = std::any_of(faults.begin(), faults.end(), [&spec](const FaultRecord& fault) {
      return fault.kind == fault_kind_of(spec) && !fault.vacuous;
    });
    if (!met) return true;
  }
  return false;
}

// A check of the court that the suite names.
CheckResult judge_by_name(const std::string& name, const check::History& history,
                          const std::vector<check::FaultWindow>& windows,
                          const check::Budget& budget) {
  const check::CheckKind* kind = check::find_check(name);
  if (kind == nullptr || !kind->applies(history)) {
    return result(name, Verdict::unknown, "input",
                  "The history has no operations that this check judges; take another workload.");
  }
  return guarded(name.c_str(), [&] {
    return check::run_check(*kind, {history, budget, windows, 1, ""});
  });
}

std::vector<check::FaultWindow> windows_of(const std::string& events_path, RunResults* results) {
  auto windows = check::read_fault_windows(events_path, results->nodes);
  if (windows) return *windows;
  results->notes.push_back("The fault windows can't be read: " + windows.error().text() + ".");
  return {};
}

}  // namespace

void void_stalled_rows(const std::vector<StallRecord>& stalls, std::vector<AvailabilityRow>* rows) {
  for (AvailabilityRow& row : *rows) {
    if (row.fault.empty()) continue;
    for (const StallRecord& stall : stalls) {
      if (stall.at >= row.to || stall.at + stall.length <= row.from) continue;
      row.judged = false;
      row.note = "void: the harness itself stood still for " + format_duration(stall.length) +
                 " at " + seconds_text(stall.at);
      break;
    }
  }
}

CheckResult judge_availability(const AvailabilityCheck& bounds,
                               const std::vector<AvailabilityRow>& rows) {
  CheckResult check = result("availability", Verdict::pass, "", "");
  check.method = "rows per window, side and operation against the suite's bounds";
  RowJudge judge{&check};
  for (const AvailabilityRow& row : rows) {
    if (row.fault.empty()) continue;
    judge.judge(row, majority_row(row) ? bounds.majority : bounds.minority);
  }
  check.power = judge.judged;
  if (check.verdict == Verdict::fail) return check;
  if (judge.judged == 0) {
    return result("availability", Verdict::unknown, "vacuous.no_power",
                  "No window could be judged; the availability rows say why.");
  }
  check.text = "In all " + std::to_string(judge.judged) + " judged rows";
  if (bounds.majority != "any") {
    check.text +=
        bounds.majority == "yes" ? " the majority's side answered" : " the majority refused";
  }
  if (bounds.minority != "any") {
    check.text += bounds.majority != "any" ? " and" : "";
    check.text +=
        bounds.minority == "yes" ? " the minority's side answered" : " the minority's side refused";
  }
  check.text += ", as the suite demands.";
  return check;
}

CheckResult judge_recovery(const RecoveryCheck& bound, const std::vector<RecoveryRecord>& records) {
  if (records.empty()) {
    return result("recovery", Verdict::unknown, "vacuous.fault",
                  "No recovery was seen: nothing was healed, or the run ended before.");
  }
  std::vector<std::string> times;
  for (const RecoveryRecord& record : records) {
    if (!record.recovered || record.recovered_at - record.healed_at > bound.bound) {
      return result("recovery", Verdict::fail, "",
                    "After " + record.fault +
                        " was healed the cluster did not serve at every node "
                        "again within " +
                        format_duration(bound.bound) + ".");
    }
    times.push_back(seconds_text(record.recovered_at - record.healed_at));
  }
  CheckResult out = result("recovery", Verdict::pass, "",
                           "Every node served again after each heal (" + list_of(times) +
                               "; the bound is " + format_duration(bound.bound) + ").");
  out.method = "linearizable reads inside each node's own namespace";
  out.power = records.size();
  return out;
}

std::vector<LadderRung> climb_ladder(const check::History& history,
                                     const std::vector<check::FaultWindow>& windows,
                                     const check::Budget& budget) {
  std::vector<LadderRung> out;
  try {
    for (check::Rung& rung : check::climb({history, budget, windows, 1, ""}).rungs) {
      out.push_back({rung.result.name, rung.state, rung.result.power, std::move(rung.result.reason),
                     std::move(rung.result.text)});
    }
  } catch (const std::exception& e) {  // nothing is claimed of any model
    return {{"ladder", check::RungState::unknown, 0, "crashed",
             std::string("The ladder crashed: ") + e.what()}};
  }
  return out;
}

void merge_checks(const std::string& cut_short, RunResults* results) {
  results->verdict = results->checks.empty() ? Verdict::unknown : Verdict::pass;
  for (const CheckResult& one : results->checks) {
    results->verdict = check::merge(results->verdict, one.verdict);
  }
  results->reason.clear();
  if (!cut_short.empty()) {
    // What was proved stays proved; anything else may have changed its mind in the rest of the run.
    if (results->verdict != Verdict::fail) results->verdict = Verdict::unknown;
    results->reason = cut_short;
    return;
  }
  if (results->verdict != Verdict::unknown) return;
  for (const CheckResult& one : results->checks) {
    if (one.verdict == Verdict::unknown && results->reason.empty()) results->reason = one.reason;
  }
  if (results->checks.empty()) {
    results->notes.push_back("The suite has no checks: it measured, and judged nothing.");
  }
}

void judge_run(const Suite& suite, const std::string& history_path, const std::string& events_path,
               const JudgeOptions& options, RunResults* results) {
  const auto left = [&options](double most) { return budget_until(options.until, most); };
  const check::Budget reading = left(check::Budget{}.seconds);
  check::ReadOptions how;
  if (options.until != check::kNever) how.budget = &reading;
  auto history = check::read_history(history_path, how);
  if (!history) {
    const bool limit = history.error().id.rfind("budget.", 0) == 0;
    results->checks.push_back(result("linearizable", Verdict::unknown,
                                     limit ? history.error().id : "input",
                                     "The history can't be read: " + history.error().text()));
    merge_checks(options.cut_short, results);
    return;
  }
  results->ops = history->ops.size();
  for (const std::string& warning : history->warnings) results->notes.push_back(warning);
  const std::vector<check::FaultWindow> windows = windows_of(events_path, results);
  if (suite.linearizable.wanted) {
    CheckResult check = guarded("linearizable", [&] {
      return check::check_linearizable(*history, left(check::Budget{}.seconds), windows);
    });
    demand_power(suite.linearizable, &check);
    results->checks.push_back(std::move(check));
  }
  for (const std::string& name : suite.checks) {
    results->checks.push_back(
        judge_by_name(name, *history, windows, left(check::Budget{}.seconds)));
  }
  CheckResult availability = guarded("availability", [&] {
    check::AvailabilityOptions measured;
    measured.settle = suite.availability.settle;
    measured.timeout = suite.workload.op_timeout;
    measured.outages = outages_of(*results, *history, suite.workload.clients);
    results->availability = check::measure_availability(*history, windows, measured);
    void_stalled_rows(results->stalls, &results->availability);
    return judge_availability(suite.availability, results->availability);
  });
  if (suite.availability.wanted || availability.reason == "crashed") {
    results->checks.push_back(std::move(availability));
  }
  if (check::find_check("staleness")->applies(*history)) {
    results->staleness = check::measure_staleness(*history, windows).rows;
  }
  results->lost_writes = lost_writes(*history, windows);
  if (options.cut_short.empty()) {
    check::Budget budget = kLadderBudget;
    budget.seconds = left(budget.seconds).seconds;
    results->ladder = climb_ladder(*history, windows, budget);
  }
  if (suite.recovery.wanted) {
    results->checks.push_back(judge_recovery(suite.recovery, results->recovery));
  }
  if (suite.workload.name == "gilbert-lynch") {
    for (ProofReplay& replay : gilbert_lynch(*history, windows, suite.availability.settle)) {
      results->notes.push_back(std::move(replay.text));
    }
  }
  if (!suite.nemeses.empty() && all_vacuous(suite, results->faults)) {
    results->checks.push_back(judge_nemesis(results->faults));
  }
  merge_checks(options.cut_short, results);
}

}  // namespace sunder::harness
