// Slope: what one round trip between the nodes costs an operation, by robust regression.
//
// Latencies under several delays → medians (p50) → Theil–Sen line (the median of the slopes between all pairs of
// points: H. Theil 1950, P. K. Sen 1968), which a third of the points may spoil without harm. The interval is the
// bootstrap's 95 % (latencies drawn again, with a seed), widened by the drift: how far the first and the last
// undelayed median lie apart, over the greatest delay.
// Latency without delay and its cost per round trip have the same unit, so the slope is in round trips.
// Thread: pure. Tested by tests/harness/cap_slope_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/cap/letters.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::cap {

/// Answered operations of one kind at one role, while round trips between nodes took `rtt` longer.
struct DelayPoint {
  Nanos rtt = 0;
  std::vector<Nanos> latencies;
};

struct Fit {
  Slope slope;
  double base_ms = 0;   ///< latency without delay, by the line
  double drift_ms = 0;  ///< last undelayed median minus the first
};

/// Fewer answers at one delay make no median that is worth a point.
inline constexpr std::size_t kFewestAnswers = 5;

/// `points` in the order in which they were measured; those with too few answers are left out.
/// RETURNS nothing where fewer than three different delays are left.
[[nodiscard]] std::optional<Fit> fit_slope(const std::vector<DelayPoint>& points,
                                           std::uint64_t seed);

/// Nothing for no values.
[[nodiscard]] std::optional<double> median(std::vector<double> values);

}  // namespace sunder::harness::cap
