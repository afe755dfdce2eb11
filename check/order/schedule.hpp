// Schedule: a sequence of all operations that every session accepts, built step by step.
//
// Sessions + forced order → **find_schedule** → a sequence (replayed before it counts), or none, or out of budget.
// A read is taken as soon as its value is there: it changes nothing, so waiting gains nothing. A write must wait while a
// read of the value that it would replace is still to come. Of the writes that may be next, the one whose value was
// first needed goes first; for a linearizable history that alone leads to the end. Else it goes back and tries others;
// states seen before (positions and values, by a 128-bit hash) are not tried again.
// Thread: pure. Tested by tests/check/sight_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/deadline.hpp"
#include "check/history.hpp"
#include "check/order/graph.hpp"
#include "check/order/sessions.hpp"

namespace sunder::check::order {

struct Schedule {
  enum class Outcome : std::uint8_t { found, none, stopped };
  Outcome outcome = Outcome::none;
  std::vector<std::uint32_t> sequence;  ///< nodes, where found
  const char* stopped = nullptr;        ///< CODE of the budget
};

/// `forced`: order that every sequence keeps (may be empty: then it is only slower). `steps`: most writes tried (0: no
/// limit but the deadline).
[[nodiscard]] Schedule find_schedule(const History& history, const Sessions& sessions,
                                     const std::vector<Edge>& forced, const Deadline& deadline,
                                     std::uint64_t memory_bytes, std::uint64_t steps = 0);

/// True if the sequence holds every node once, keeps session order, and every read finds its value.
[[nodiscard]] bool replay(const Sessions& sessions, const std::vector<std::uint32_t>& sequence);

}  // namespace sunder::check::order
