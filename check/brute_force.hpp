// brute_force: tries every order of a few operations; slow and obviously right.
//
// The court's last instance: a witness is judged here again before it is shown, and the tests hold every faster method
// against it. Wing and Gong, "Testing and verifying concurrent objects" (JPDC 1993), with a memo of (set done, value).
// Thread: pure. Tested by tests/check/brute_force_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

#include "check/register_ops.hpp"

namespace sunder::check {

enum class BruteVerdict { legal, illegal, too_big };

/// At most this many operations; more are too_big.
inline constexpr std::size_t kBruteForceOps = 64;

/// Is there an order of the operations that keeps precedence and the register's rules? COST: exponential in the number of
/// operations that overlap; gives up (too_big) after some 10⁶ states.
[[nodiscard]] BruteVerdict brute_force(const std::vector<RegisterOp>& ops, ValueId initial);

}  // namespace sunder::check
