// Power: how many observations of a history could have caught a violation at all.
//
// History + fault windows → **measure_power** → CheckResult::power*. An observation (an ok read, a successful cas, a
// mismatch with what it observed) has power if an acknowledged write of its key ended before it began: an older value in
// its place would have been illegal. *Inside*: invoked while a fault window was open. *Across*: the most recent
// acknowledged write before it (by completion) was made at a node on another side of a window, both after that window's
// start and before the next one's: after the heal each side must know what the other acknowledged.
// Windows are in order of time. Thread: pure. Tested by tests/check/measurements_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"

namespace sunder::check {

struct Power {
  std::uint64_t total = 0;
  std::uint64_t inside = 0;
  std::uint64_t across = 0;
};

/// COST: O(n log n + observations × windows).
[[nodiscard]] Power measure_power(const History& history, const std::vector<FaultWindow>& windows);

}  // namespace sunder::check
