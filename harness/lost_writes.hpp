// LostWrites: writes that were acknowledged, and that nobody finds after the last heal.
//
// History + fault windows → **lost_writes** → results.json, report, the verdict's line. A measurement that claims only
// what the answers show. *Final reads* of a write are the answered reads of its key that were asked after the last heal
// and after the write was acknowledged. It is lost where every node that ever answers reads gave at least one of them,
// and none of them shows it or anything that may have replaced it:
//   add      the element is in none, and no removal of it was asked for that may have taken effect
//   append   the element is in none: lists only grow
//   write, cas  each returns a value whose writes had all been acknowledged before this one was asked: whatever may have
//            replaced it is gone with it. A key that is written again after the heal proves nothing here.
// Where a window never healed, or the history has no order in real time, nothing is claimed.
// Thread: pure. COST: O(n log n + size of the final reads). Tested by tests/harness/lost_writes_test.cpp.
#pragma once

#include <vector>

#include "harness/results.hpp"

namespace sunder::harness {

/// In the order of their requests.
[[nodiscard]] std::vector<LostWrite> lost_writes(const check::History& history,
                                                 const std::vector<check::FaultWindow>& windows);

}  // namespace sunder::harness
