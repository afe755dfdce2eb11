// search: linearizability of one register by bounded breadth-first search; for repeated values and "not v" observations.
//
// RegisterOps → **search** → legal, illegal (and where it got stuck), or out of budget → witness.
// Just-in-time linearization (Lowe, "Testing for linearizability", 2017): walk through the events by time and keep every
// configuration (which open operations have happened, what the register holds) that explains the past. When an operation
// ends, each configuration is extended by open operations until that one has happened. Only open operations are in a
// configuration, as bits of a mask, so its size does not grow with the history.
// Four rules keep configurations few; none changes the verdict:
// - A pure observation (read, "not v") that a configuration allows is taken at once, without a branch: it changes nothing,
//   and it can only lose its chance later.
// - Of open operations that do and say the same, the one that ends first goes first: in an order where it comes later, they
//   can be exchanged. Pending ones end last.
// - A blind operation (a plain write) that nobody sees before the next blind one might have happened just before that one,
//   unseen. So it is taken only where somebody sees it at once, or at its own end; and where one is taken, all others that
//   are open become *free*: they have happened before it if they do not happen later, and end without a trace.
// - A configuration where an operation is free makes one superfluous in which it has happened or still has to.
// Where it grows wide all the same, depth_first.hpp looks for one legal order instead of keeping all.
// The problem is NP-complete with repeated values (Gibbons and Korach 1997): the budget is asked in the inner loop.
// Thread: pure. Tested by tests/check/search_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/deadline.hpp"
#include "check/register_ops.hpp"

namespace sunder::check {

struct SearchVerdict {
  enum class Outcome { legal, illegal, unknown };
  Outcome outcome = Outcome::legal;
  const char* reason = "";  ///< if unknown: CODE
  std::uint32_t stuck =
      kNone;  ///< if illegal: no order explains the past once this operation (of the input) ended
  std::uint64_t ended = 0;  ///< operations that had ended when the search stopped
  Nanos quiet_at = kEver;   ///< the last moment by then at which no operation was open
  std::vector<std::uint32_t> quiet_states;  ///< what the state may have been at that moment
};

/// How to look: the first is what checks use; tests compare the others with it.
enum class SearchWay {
  both,  ///< breadth-first while that stays narrow, then depth-first, then breadth-first to the end of the budget
  breadth_first,
  depth_first,
};

/// At most so many operations may be open at one time (pending ones stay open); more is budget.memory.
inline constexpr std::uint32_t kMostOpen = 1024;

/// REQUIRES ops by begin.
[[nodiscard]] SearchVerdict search(const std::vector<RegisterOp>& ops, ValueId initial,
                                   const Deadline& deadline, SearchWay way = SearchWay::both);

}  // namespace sunder::check
