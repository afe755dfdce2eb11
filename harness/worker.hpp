// Worker: one client of a run: draws operations, sends them to its one node, and has them recorded.
//
// generator → **Worker** → adapter → database; **Worker** → recorder. One outstanding operation, no retry, no fail-over.
// Client i starts as process i; after an operation with unknown outcome the process id is used up (the operation may
// still take effect), and the client goes on as process i + clients, i + 2·clients, …
// Thread: run() is the body of the client's own thread, which enters the client namespace.
// Tested by tests/harness/runner_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/client.hpp"
#include "harness/cluster.hpp"
#include "harness/generator.hpp"
#include "harness/probe.hpp"
#include "harness/recorder.hpp"
#include "harness/suite.hpp"

namespace sunder::harness {

/// What all clients of a run have done so far; for progress lines and for the ids of later processes.
struct OpCounters {
  std::atomic<std::uint64_t> ops{0};
  std::atomic<std::uint64_t> answered{0};  ///< ok, or a cas that observed another value
  std::atomic<std::uint64_t> failed{0};    ///< surely without effect, for another reason
  std::atomic<std::uint64_t> unknown{0};
  std::atomic<std::int64_t> highest_process{-1};
  std::atomic<std::uint64_t> rounds{0};  ///< the highest of any client's ClientState::rounds

  void count(const Outcome& outcome);
  void used(std::int64_t process);
  void in_round(const ClientState& state);
};

/// What is the same for every client of a run. LIFETIME: outlives the workers.
struct WorkerShared {
  Cluster* cluster = nullptr;
  Recorder* recorder = nullptr;
  const Clock* clock = nullptr;
  const Workload* workload = nullptr;
  WorkloadSpec spec;
  Topology topology;
  std::uint64_t seed = 0;
  Nanos t0 = 0;
  Nanos start = 0;  ///< on the clock: open-loop schedules begin here
  StopCheck stop;
  StopCheck no_more_reads;  ///< asked between final reads; none: all are made
  OpCounters counters;
};

/// The adapter of client `index` (0 …), aimed at `node`, with the client's own address (c1, c2, …) as its source.
/// Call on the thread that will use it, after it entered the client namespace. ERRORS: unsupported.
[[nodiscard]] Result<std::unique_ptr<DbClient>> open_client(const WorkerShared& shared,
                                                            unsigned index, const NodeStatus& node,
                                                            const std::string& reads);

/// Client `index` until shared.stop(). ERRORS: the client namespace or the adapter is not there.
[[nodiscard]] Status run_worker(WorkerShared& shared, unsigned index, const NodeStatus& node);

/// What the workload needs before its clients start, at the first node, with patience for one that refuses. Makes a thread,
/// joined on return. ERRORS: unavailable with what the database said; the client namespace or the adapter is not there.
[[nodiscard]] Status set_up(WorkerShared& shared);

/// Reads every key at every node through fresh clients, linearizably, and has it recorded; an operation that is not
/// answered is asked again, at most twice. None is asked once shared.no_more_reads(). Makes a thread per node, joined on
/// return.
[[nodiscard]] Status final_reads(WorkerShared& shared);

}  // namespace sunder::harness
