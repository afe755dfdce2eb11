// LoopLag: how late a loop was, as a histogram: what /metrics shows as sunder_loop_lag_seconds.
//
// uv::Loop (from the posting of an order to its run) and Deadlines (from the moment for which the
// timer was armed to its callback) → **LoopLag** of that loop → Proxy::snapshot → metrics.
// Both happen beside the byte path, so that a chunk costs nothing more. What makes a loop late: long
// turns, and a thread that waits for a core.
// Thread: the loop's; others get copies, made by an order on the loop. No lock, no atomic.
// Tested by tests/proxy/uv_test.cpp and tests/control/metrics_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "sunder/time.hpp"

namespace sunder::proxy {

struct LoopLag {
  /// Upper bounds of the buckets, the bound itself included; one bucket more has no bound.
  static constexpr std::array<Nanos, 13> kBounds{100 * kMicrosecond,
                                                 250 * kMicrosecond,
                                                 500 * kMicrosecond,
                                                 1 * kMillisecond,
                                                 2500 * kMicrosecond,
                                                 5 * kMillisecond,
                                                 10 * kMillisecond,
                                                 25 * kMillisecond,
                                                 50 * kMillisecond,
                                                 100 * kMillisecond,
                                                 250 * kMillisecond,
                                                 500 * kMillisecond,
                                                 kSecond};

  std::array<std::uint64_t, kBounds.size() + 1> buckets{};  ///< each by itself, not summed up
  Nanos sum = 0;

  void observe(Nanos late) noexcept {
    late = std::max<Nanos>(late, 0);
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), late);
    ++buckets[static_cast<std::size_t>(bound - kBounds.begin())];
    sum += late;
  }
  [[nodiscard]] std::uint64_t count() const noexcept {
    return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
  }
};

}  // namespace sunder::proxy
