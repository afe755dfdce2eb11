// From a refutation to the fewest operations that still refute, judged again by brute force.
//
// sight or serial → proof (nodes) → **shrink** → report.hpp → CheckResult.
// 1-minimal: without any one of the operations (and the reads of what it wrote) the rest is legal.
// Thread: pure. Tested by tests/check/sight_test.cpp.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "check/deadline.hpp"
#include "check/order/sight.hpp"

namespace sunder::check::order {

/// Nodes, ascending.
using Part = std::vector<std::uint32_t>;

/// The nodes that bear out the refutation: its own, and how each read came to have seen what is ordered before it.
[[nodiscard]] Part proof_of(const Sessions& sessions, const Sight& sight,
                            const Refutation& refutation);

/// Adds for each write of unknown outcome someone who read it: without, it may never have happened. Sorts.
void complete(const Sessions& sessions, Part& part);

/// True: the part is refuted.
using Judge = std::function<bool(const Sessions&)>;

/// RETURNS the fewest of `part` that both still refute, as far as the deadline allows; nothing if `part` itself does not
/// survive (then what called it a proof is wrong). `quick`: the decider; `exact`: brute force.
[[nodiscard]] std::optional<Part> shrink(const Sessions& sessions, Part part, const Judge& quick,
                                         const Judge& exact, const Deadline& deadline);

}  // namespace sunder::check::order
