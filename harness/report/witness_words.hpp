// WitnessWords: what the operations of a witness did, and who saw what of whom.
//
// operations + History → **words, lines, edges** → witness_drawing.cpp. Nothing here judges: an edge is drawn where the
// answers in the witness itself show it.
// Thread: pure. Tested by tests/harness/witness_drawing_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "check/history.hpp"

namespace sunder::harness::report {

/// The operations with these events, in the order of the history.
[[nodiscard]] std::vector<const check::Op*> ops_of(const std::vector<std::uint32_t>& events,
                                                   const check::History& history);

/// "write 42", "read → [1,2]", "dequeue → 3", "transaction r x → [1], append y 2". `asked`: as it was before its answer.
[[nodiscard]] std::string words_of(const check::Op& op, const check::History& history,
                                   bool asked = false);
/// What the operation did, a line each: a transaction's parts, else one line.
[[nodiscard]] std::vector<std::string> lines_of(const check::Op& op, const check::History& history);
/// What came of it, where that is not a plain ok: "never answered", "failed", "found 3".
[[nodiscard]] std::string outcome_of(const check::Op& op, const check::History& history);

/// Between two operations of a witness.
struct WitnessEdge {
  std::size_t from = 0;  ///< into the operations
  std::size_t to = 0;
  std::string
      words;  ///< transactions: "wr x", "ww x", "rw x"; else empty: `to` saw what `from` left
};
/// wr: `to` read what `from` wrote. ww: a list shows that `to` came later. rw: `from` read what was there before `to` wrote.
[[nodiscard]] std::vector<WitnessEdge> edges_of(const std::vector<const check::Op*>& ops,
                                                const check::History& history);

}  // namespace sunder::harness::report
