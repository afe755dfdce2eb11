// Brute force for witnesses: the definitions themselves, on a few operations.
//
// Shares nothing with the deciders but the nodes, so that a defect there shows here. Bounded: nothing where there are too
// many operations to try. Thread: pure. Tested by tests/check/sight_test.cpp.
#pragma once

#include <optional>

#include "check/order/sessions.hpp"
#include "check/order/sight.hpp"

namespace sunder::check::order {

/// Is there one order of all writes in which every read returns the last write of its key that it must have seen?
[[nodiscard]] std::optional<bool> some_arbitration(const Sessions& part, const Sight& sight);

/// Is there one sequence of all operations that keeps every session's order and in which every read returns the write
/// before it?
[[nodiscard]] std::optional<bool> some_sequence(const Sessions& part);

}  // namespace sunder::check::order
