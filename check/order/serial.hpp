// Serial: sequential consistency: is there one sequence of all operations that every session would accept?
//
// Sessions → **saturate** → a refutation with its proof, or the order that every such sequence must keep → schedule.hpp.
// Deciding it is NP-complete (Gibbons and Korach, SIAM J. Comput. 1997). What is forced is found in polynomial time by
// going round until nothing new comes (Zennou et al., "Gradual consistency checking", CAV 2019): for a read of w1 and
// another write w2 of its key, w2 before the read puts w2 before w1, and w1 before w2 puts the read before w2.
// A cas is one operation: both rules make it follow what it read with nothing between.
// COST: a round is O(n · sessions · log n); clocks of all nodes.
// Thread: pure. Tested by tests/check/sight_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/deadline.hpp"
#include "check/order/graph.hpp"
#include "check/order/sessions.hpp"
#include "check/order/witness.hpp"

namespace sunder::check::order {

struct Saturation {
  bool refuted = false;
  Part proof;                     ///< where refuted: nodes that bear it out
  std::vector<Edge> cycle;        ///< where refuted
  const char* stopped = nullptr;  ///< CODE of the budget, where it ran out
  std::vector<Edge> forced;       ///< where not refuted: beside session order and reads-from
};

[[nodiscard]] Saturation saturate(const Sessions& sessions, const Deadline& deadline,
                                  std::uint64_t memory_bytes);

}  // namespace sunder::check::order
