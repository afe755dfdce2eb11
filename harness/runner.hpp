// Runner: one chaos run. Clients, nemesis, recorder; then heal, then checks, then the run folder.
//
// generator → worker → client adapter → database; worker → **recorder** → history.jsonl; nemesis → control client → proxy.
// Order at the end: history synced to disk, then heal, then final reads, then checks; each step reported on its own.
// Thread: run_suite is called from the main thread and makes one thread per client, one for the nemesis, one watchdog;
// all are joined when it returns.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/budget.hpp"
#include "harness/cluster.hpp"
#include "harness/results.hpp"
#include "harness/suite.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

struct RunOptions {
  const Suite* suite = nullptr;
  Cluster* cluster = nullptr;
  std::string api_url;  ///< control API as seen from this process
  std::string run_dir;  ///< exists; events.jsonl in it is written by the switchboard
  Nanos t0 = 0;         ///< origin of the history's clock
  std::uint64_t seed = 0;
  Topology topology;  ///< with the harness clients c1, c2, … and their addresses
  std::string sunder_version;
  const std::atomic<bool>* interrupted = nullptr;
  /// The suite's load has been shortened to it. Past its moments the run heals, judges what is known and ends.
  std::optional<RunBudget> budget = {};
  /// Called from the main thread with one line of progress: at each step (`step`), and about twice a second.
  std::function<void(const std::string&, bool step)> progress;
};

/// RETURNS the results, also when a check failed, the run was interrupted or its budget ran out; history.jsonl,
/// results.json, junit.xml and report.html are in the run folder then. ERRORS: unavailable (proxy can't heal,
/// database client can't start), io.
[[nodiscard]] Result<RunResults> run_suite(const RunOptions& options);

/// A run whose budget was used up in `phase`, before its load began: unknown, `budget.time`, with its run folder.
/// `options` may have no cluster. ERRORS: io.
[[nodiscard]] Result<RunResults> give_up_run(const RunOptions& options, const std::string& phase);

/// ERRORS: not_found; invalid where clients of that kind lack an operation that the workload draws.
[[nodiscard]] Status workload_is_offered(const std::string& workload, const std::string& client);

/// The exit code of the contract for results; 130 for an interrupted run.
[[nodiscard]] int exit_code_of(const RunResults& results);

/// A few plain sentences: who answered while cut off, who on the majority's side, and what the system chose.
[[nodiscard]] std::vector<std::string> plain_words(const RunResults& results);

}  // namespace sunder::harness
