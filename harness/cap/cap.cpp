// See cap.hpp.
#include "harness/cap/cap.hpp"

#include <fstream>

#include "harness/cap/measure.hpp"
#include "harness/cap/present.hpp"
#include "harness/judge.hpp"

namespace sunder::harness::cap {
namespace {

Status write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return Error{ErrorCode::io, "cannot write " + path + "; is the disk full?"};
  return {};
}

// The same folder as a run's, so that `sunder check` and `sunder report` read it.
RunResults as_run(const CapOptions& options, const Suite& suite, const Records& records) {
  RunResults out;
  out.sunder_version = options.sunder_version;
  out.suite = suite.name;
  out.seed = options.experiment.seed;
  out.system_name = options.experiment.cluster->system();
  out.system_version = options.experiment.cluster->version();
  out.nodes = suite.cluster.nodes;
  out.duration = records.duration;
  out.ops = records.ops;
  out.faults = records.faults;
  out.recovery = records.recovery;
  out.stalls = records.stalls;
  out.notes = records.notes;
  if (records.interrupted) out.notes.emplace_back("The experiment was interrupted.");
  return out;
}

Findings findings_of(const CapOptions& options, const RunResults& run, Records records) {
  Findings out;
  out.row = options.experiment.row->name;
  out.system = run.system_name;
  out.version = run.system_version;
  out.nodes = run.nodes;
  out.seed = run.seed;
  out.quick = options.quick;
  out.run_dir = options.experiment.run_dir;
  out.notes = run.notes;
  for (const check::CheckResult& check : run.checks) {
    if (check.name == "linearizable") out.whole = check;
  }
  out.records = std::move(records);
  return out;
}

}  // namespace

Result<Findings> run_cap(const CapOptions& options) {
  const ExperimentOptions& experiment = options.experiment;
  const std::string& dir = experiment.run_dir;
  auto records = run_experiment(experiment);
  if (!records) return records.error();
  const Suite suite = suite_of(*experiment.row, *experiment.plan);
  if (experiment.progress) {
    experiment.progress("judging " + std::to_string(records->ops) + " operations", true);
  }
  RunResults run = as_run(options, suite, *records);
  JudgeOptions judging;
  if (records->interrupted) judging.cut_short = "interrupted";
  judge_run(suite, dir + "/history.jsonl", dir + "/events.jsonl", judging, &run);
  auto json = results_json(run, dir + "/history.jsonl");
  if (!json) return json.error();
  SUNDER_TRY(write_file(dir + "/results.json", *json));
  Findings findings = findings_of(options, run, std::move(*records));
  auto history = check::read_history(dir + "/history.jsonl");
  if (!history) return history.error();
  auto windows = check::read_fault_windows(dir + "/events.jsonl", run.nodes);
  if (!windows) return windows.error();
  measure({*history, *windows, *experiment.plan, *experiment.row, check::Budget{}}, &findings);
  SUNDER_TRY(write_file(dir + "/cap.json", findings_json(findings) + "\n"));
  SUNDER_TRY(write_findings_page(dir));
  return findings;
}

}  // namespace sunder::harness::cap
