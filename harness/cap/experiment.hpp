// Experiment: carries out a plan on a live cluster, and writes down what was done when.
//
// plan → **run_experiment** → history.jsonl, events.jsonl, Records → measure. The main thread walks through the phases; the
// clients run beside it. A delay phase in which the leader changed is done again, at most twice: its latencies would be
// of two roles. Whatever goes wrong or is interrupted, the network is healed before it returns.
// Thread: main; makes the clients' threads, a watchdog, and the probes' short-lived ones; all joined on return.
// Tested by tests/cluster/cap_test.py.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/cap/plan.hpp"
#include "harness/cluster.hpp"
#include "harness/results.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness::cap {

/// One phase as it was. Times on the history's clock.
struct PhaseRecord {
  PhasePlan plan;
  Nanos from = 0;  ///< the fault was in force; clients had the phase's pace
  Nanos to = 0;
  std::string leader;  ///< at its begin; empty: none known
  bool steady = true;  ///< the same leader at its end
  std::vector<std::string>
      touched;  ///< nodes delayed, or cut off each on its own; relay: in its order
  // Cuts only.
  std::string fault;  ///< its name in events.jsonl
  Nanos asked_at = 0;
  Nanos healed_at = 0;  ///< heal in force
  bool vacuous = false;
  std::optional<Nanos> new_leader_after;  ///< in force → a majority names another leader
  std::optional<Nanos> serving_after;  ///< heal asked → every node serves inside its own namespace
};

struct Records {
  std::vector<PhaseRecord> phases;
  double capacity = 0;  ///< operations per second, closed loop
  double rate = 0;      ///< of the open loop
  std::uint64_t ops = 0;
  Nanos duration = 0;
  std::vector<FaultRecord> faults;
  std::vector<RecoveryRecord> recovery;
  std::vector<StallRecord> stalls;
  std::vector<std::string> notes;
  bool interrupted = false;
};

struct ExperimentOptions {
  const Row* row = nullptr;
  const Plan* plan = nullptr;
  Cluster* cluster = nullptr;
  std::string api_url;
  std::string run_dir;  ///< exists; gets history.jsonl
  Nanos t0 = 0;
  std::uint64_t seed = 0;
  Topology topology;
  std::string wall;  ///< RFC 3339, for people
  const std::atomic<bool>* interrupted = nullptr;
  std::function<void(const std::string&, bool step)> progress;
};

/// ERRORS: unavailable (the proxy can't heal, the clients can't work), io.
[[nodiscard]] Result<Records> run_experiment(const ExperimentOptions& options);

}  // namespace sunder::harness::cap
