// Probe: asks every node about itself from inside its own namespace, where no fault of the proxy is in the way.
//
// nemesis → **Probe** → nodes. Tells who leads, and when the whole cluster serves again after a heal. The questions are
// asked by short-lived threads, one per node, for a thread that entered a node's namespace stays there.
// Thread: one caller at a time; every thread that a call makes is joined when it returns.
// Tested by tests/harness/runner_test.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/client.hpp"
#include "harness/cluster.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

using StopCheck = std::function<bool()>;  ///< true: give up; called from several threads

class Probe {
 public:
  /// LIFETIME: cluster and clock outlive it.
  Probe(Cluster& cluster, const Clock& clock) : cluster_(cluster), clock_(clock) {}

  /// The node that a majority of nodes names as leader, in the highest term. Asks again until `timeout` has passed.
  /// ERRORS: timeout; unsupported where the system has no adapter.
  [[nodiscard]] Result<std::string> find_leader(Nanos timeout, const StopCheck& stop);

  /// Blocks until every node answers a linearizable read, all within the same moment, so that an election that a
  /// returning node brings about counts. RETURNS the moment on the clock at which the last of them had answered;
  /// nothing when `timeout` passed or stop() said so.
  [[nodiscard]] std::optional<Nanos> wait_serving(Nanos timeout, const StopCheck& stop);

 private:
  Cluster& cluster_;
  const Clock& clock_;
};

/// The leader among what the nodes say. One entry per node; nothing: no answer. Pure.
/// RETURNS the leader's index in `views`; nothing where no majority names one that answered.
[[nodiscard]] std::optional<std::size_t> leader_of(
    const std::vector<std::optional<NodeView>>& views);

/// Sleeps until `until` on `clock`, or until stop() is true (looked at every 10 ms). RETURNS false if stopped.
bool sleep_until(const Clock& clock, Nanos until, const StopCheck& stop);

}  // namespace sunder::harness
