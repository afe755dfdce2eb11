// See failed_run.hpp: reading.
#include "harness/shrink/failed_run.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/config.hpp"
#include "check/json.hpp"
#include "harness/results.hpp"
#include "harness/shrink/moves.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::harness::shrink {
namespace {

namespace fs = std::filesystem;

// "time" of an event line; 0 where it has none.
Nanos time_of(const std::string& event) {
  static const std::string kKey = "\"time\":";
  const std::size_t at = event.find(kKey);
  Nanos time = 0;
  if (at == std::string::npos) return 0;
  std::from_chars(event.data() + at + kKey.size(), event.data() + event.size(), time);
  return time;
}

// The clock of history and events begins before the load does.
Nanos load_began(const RunResults& results, const Suite& schedule) {
  for (const NemesisSpec& window : schedule.nemeses) {
    const std::string name = "p" + std::to_string(window.turn);
    for (const FaultRecord& fault : results.faults) {
      if (fault.name == name) return fault.asked_at - window.at;
    }
  }
  return 0;
}

Result<const check::CheckResult*> failed_check(const RunResults& results,
                                               const std::string& wanted) {
  std::vector<std::string> failed;
  for (const check::CheckResult& one : results.checks) {
    if (one.verdict != check::Verdict::fail) continue;
    if (wanted.empty() || one.name == wanted) return &one;
    failed.push_back(one.name);
  }
  if (!wanted.empty() && !failed.empty()) {
    return Error{ErrorCode::invalid,
                 "the check " + wanted + " did not fail in this run; " + list_of(failed) + " did"};
  }
  return Error{ErrorCode::invalid, std::string("this run did not fail (its verdict is ") +
                                       check::name_of(results.verdict) +
                                       "), so there is nothing to shrink; give the folder of a "
                                       "run in which a check failed"};
}

}  // namespace

Result<FailedRun> read_failed_run(const std::string& folder, const std::string& check) {
  for (const char* file : {"results.json", "schedule.toml"}) {
    if (fs::exists(folder + '/' + file)) continue;
    return Error{
        ErrorCode::not_found,
        folder + " has no " + file + "; give the folder that sunder run left, such as runs/latest"};
  }
  auto results = parse_results(read_text_file(folder + "/results.json"));
  if (!results) return results.error();
  const auto failed = failed_check(*results, check);
  if (!failed) return failed.error();
  auto schedule = load_suite(folder + "/schedule.toml");
  if (!schedule) return schedule.error();
  for (const NemesisSpec& spec : schedule->nemeses) {
    if (spec.window()) continue;
    return Error{ErrorCode::invalid,
                 "schedule.toml has a nemesis without \"at\"; shrink needs the windows that were"};
  }
  FailedRun run;
  run.name = results->suite;
  run.check = (*failed)->name;
  run.seed = results->seed;
  run.duration = results->duration;
  if (auto events = check::read_events(folder + "/history.jsonl", (*failed)->witness)) {
    const Nanos began = load_began(*results, *schedule);
    for (const std::string& event : *events) {
      run.failed_by = std::max(run.failed_by, time_of(event) - began);
    }
  }
  run.schedule = focused(*schedule, run.check);
  return run;
}

}  // namespace sunder::harness::shrink
