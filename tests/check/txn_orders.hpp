// Every order tried: the definitions of serializability and of three levels of isolation, on a few transactions.
//
// Shares nothing with the deciders but History. Thread: one. Used by mutation_test.cpp, by_hand_test.cpp.
#pragma once

#include "check/history.hpp"

namespace sunder::check::test {

/// Is there an order of all transactions that took effect (those that surely failed did not) in which, run one after the
/// other, every read of a list is what was appended before? REQUIRES: none of unknown outcome.
[[nodiscard]] bool some_serial_order(const History& history, bool sessions, bool real_time);

enum class TxnLevel : std::uint8_t { read_committed, read_atomic, causal };
/// Is there a commit order as Biswas and Enea define it (OOPSLA 2019, figure 2)? And no transaction reads what was never
/// written, what failed, what its writer overwrote itself, or not its own last write. Values are unique.
[[nodiscard]] bool some_commit_order(const History& history, TxnLevel level);

}  // namespace sunder::check::test
