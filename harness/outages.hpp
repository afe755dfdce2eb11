// Outages: when a node could not be asked, because a nemesis had killed or paused it or cut a client off from it.
//
// FaultRecord + RecoveryRecord + History → **outages_of** → measure_availability, which leaves such operations out. Gilbert
// and Lynch ask for answers of nodes that have not failed. A killed or paused node is one that has from the moment it was
// asked for until it serves again: until the first operation asked of it after that is answered, or the whole cluster
// serves, whatever is first. A client that can't reach its own node says nothing about the node.
// Thread: pure. Tested by tests/harness/outages_test.cpp.
#pragma once

#include <vector>

#include "check/check.hpp"
#include "harness/results.hpp"

namespace sunder::harness {

/// `clients`: of the workload. Client i, the node c(i + 1), is pinned to node i mod n; its processes are i, i + clients, ….
[[nodiscard]] std::vector<check::Outage> outages_of(const RunResults& results,
                                                    const check::History& history,
                                                    unsigned clients);

}  // namespace sunder::harness
