// Zones: linearizability of one register with unique values, by sorting; cas chains and pending operations included.
//
// RegisterOps → **zones** → legal, or a proof of a few operations → witness.
// A *cluster* is a write and the reads of its value. With unique values a cluster's operations stand together in every
// legal order, for a value that is gone can't come back. Let lo be the least end in a cluster and hi the greatest begin.
// Two clusters conflict iff lo_i < hi_j and lo_j < hi_i (each has an operation before one of the other's), and a history
// without conflict is legal: draw i → j iff lo_i < hi_j. Suppose a cycle without a 2-cycle; take its cluster i with the
// least lo: its predecessor p has hi_p <= lo_i (no edge i → p), so p's predecessor q has lo_q < hi_p <= lo_i, against the
// choice of i.
// A successful cas from v to w chains cluster w directly behind cluster v; a maximal chain is a block that stands together,
// and the same argument holds for blocks. Inside a block the order is known.
// A pending operation whose value nobody observed is left out (it need not have happened); one whose value was observed has
// happened, and so has the pending operation whose value it needed.
// Gibbons and Korach, "Testing Shared Memories" (SIAM J. Comput. 1997); zones: Golab, Li and Shah, "Analyzing consistency
// properties for fun and profit" (PODC 2011). O(n log n). Thread: pure. Tested by tests/check/linearizable_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/deadline.hpp"
#include "check/register_ops.hpp"

namespace sunder::check {

struct ZoneVerdict {
  bool legal = true;
  bool chains = false;  ///< cas linked clusters: the method was "cas chains"
  std::vector<std::uint32_t>
      proof;  ///< if not legal: operations (indices of the input) that prove it
  /// Observations "not v" that the zones neither refute nor grant; 0: the verdict is exact.
  std::uint64_t open_differs = 0;
  const char* stopped = nullptr;  ///< the CODE of a budget that ran out: nothing above is said then
};

/// True if every value that an operation observes is left by one operation at most (the initial value by none). Where
/// the deadline is over before that is known, nothing is said: ask it.
[[nodiscard]] bool observed_values_unique(const std::vector<RegisterOp>& ops, ValueId initial,
                                          const Deadline* deadline = nullptr);

/// REQUIRES observed_values_unique(ops, initial).
[[nodiscard]] ZoneVerdict judge_zones(const std::vector<RegisterOp>& ops, ValueId initial,
                                      const Deadline* deadline = nullptr);

/// The part of the operations whose values are unique. What is illegal here is illegal in the whole: a legal order of the
/// whole, without the other values, is one of this part. A cas that loses its observed value becomes a write, one that
/// loses its new value a read.
[[nodiscard]] std::vector<RegisterOp> unique_part(const std::vector<RegisterOp>& ops,
                                                  ValueId initial);

}  // namespace sunder::check
