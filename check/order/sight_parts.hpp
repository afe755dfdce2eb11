// The parts of judge_sight that sight.cpp and clocks.cpp share. Not for others: use sight.hpp.
//
// Thread: pure. Tested by tests/check/sight_test.cpp.
#pragma once

#include <optional>
#include <vector>

#include "check/order/sight.hpp"

namespace sunder::check::order {

/// A short cycle in a graph whose nodes from sessions.nodes.size() on only join others; these are left out of it.
/// `joins_read`: each such node stands for the read of a cas.
[[nodiscard]] std::optional<Refutation> find_cycle(const Sessions& sessions, std::uint32_t size,
                                                   const std::vector<Edge>& edges, bool joins_read);

/// Sights that reach from session to session (writes-follow-reads, causal).
[[nodiscard]] SightVerdict judge_by_clocks(const Sessions& sessions, const Sight& sight,
                                           const Deadline& deadline, std::uint64_t memory_bytes);

}  // namespace sunder::check::order
