// Cap: a whole CAP experiment on a cluster that runs, from the plan to the run folder.
//
// row + cluster → run_experiment → judge → measure → **Findings**, history.jsonl, results.json, cap.json, report.html.
// Thread: main, as run_experiment. Tested by tests/cluster/cap_test.py.
#pragma once

#include <string>

#include "harness/cap/experiment.hpp"
#include "harness/cap/findings.hpp"
#include "harness/results.hpp"

namespace sunder::harness::cap {

struct CapOptions {
  ExperimentOptions experiment;
  bool quick = false;
  std::string sunder_version;
};

/// ERRORS: as run_experiment; io where the folder can't be written.
[[nodiscard]] Result<Findings> run_cap(const CapOptions& options);

}  // namespace sunder::harness::cap
