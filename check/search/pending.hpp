// Pending operations: which of them surely happened, and by when; and which may be left out of the search.
//
// operations of one partition, a Machine's traces → **settle_pending** → ends for model_search.
// An operation without an answer may happen at any time or never, so each that stays open doubles what a search has to
// keep. Where an operation leaves a trace (the element that it adds, the value that it writes) most need not stay open:
// 1. Its trace is seen by an answer, nobody else leaves that trace and it was not there at the beginning. Then it happened
//    before that answer's end, in every legal order; so it is an operation with that end.
// 2. No answer shows any of its traces. Then it can be taken out of every legal order, and the rest stays legal: no
//    observation stood between it and where its trace was covered again. A pending operation that had taken just this
//    trace (a dequeue without an answer) is taken out with it. So it is left out.
// Both are exact, and hold for every prefix of a history as well: the answer that settles an operation stands at its end.
// The rules need of a Machine: an answer shows a trace only after an operation that left it (1), and a state with the trace
// can't give an answer without it until something covers the trace (2).
// Thread: pure. Tested by tests/check/pending_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/models/model.hpp"
#include "check/register_ops.hpp"

namespace sunder::check {

struct PendingEnds {
  static constexpr Nanos kLeftOut = kEver;
  std::vector<Nanos> end;  ///< by place in `ops`: kNever (open to the end), kLeftOut, or its end
  std::vector<std::uint32_t>
      shown_by;  ///< the place of the operation that shows it; kNone: none does
};

/// Only places of pending operations (outcome info) say something. COST: O(traces).
[[nodiscard]] PendingEnds settle_pending(const History& history,
                                         const std::vector<std::uint32_t>& ops, Machine& machine);

}  // namespace sunder::check
