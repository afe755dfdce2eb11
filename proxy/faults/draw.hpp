// Draws of a time around a middle, for the kinds with jitter.
//
// `jitter` is the half width (uniform), the standard deviation (normal) or the mean of what is
// added (pareto, shape 3: rare long waits). A draw below zero counts as zero.
// Thread: pure. Tested by tests/proxy/fault_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "sunder/rng.hpp"
#include "sunder/time.hpp"

namespace sunder::proxy {

inline constexpr double kDelayMax = 3600e9;  ///< one hour; longer is a mistake

enum class Distribution : std::uint8_t { constant, uniform, normal, pareto };
inline constexpr std::string_view kDistributions = "constant uniform normal pareto";

inline Nanos draw_delay(Nanos delay, Nanos jitter, Distribution distribution, Rng& dice) noexcept {
  if (jitter == 0) return delay;
  double unit = 0;
  switch (distribution) {
    case Distribution::constant: return delay;
    case Distribution::uniform: unit = 2 * dice.uniform() - 1; break;
    case Distribution::normal: unit = dice.normal(); break;
    // Lomax with shape 3 has the mean 1/2 of its scale.
    case Distribution::pareto: unit = 2 * (std::pow(1 - dice.uniform(), -1.0 / 3) - 1); break;
  }
  const double drawn = static_cast<double>(delay) + unit * static_cast<double>(jitter);
  return static_cast<Nanos>(std::clamp(drawn, 0.0, 2 * kDelayMax));
}

}  // namespace sunder::proxy
