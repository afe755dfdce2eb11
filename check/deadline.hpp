// Deadline: a Budget that runs: asked in inner loops whether time, memory or the user's patience is over.
//
// Thread: one; `interrupted` may be set by any (a signal handler). Tested by tests/check/search_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>

#include "check/check.hpp"
#include "sunder/time.hpp"

namespace sunder::check {

/// Of the monotonic clock, to now.
[[nodiscard]] inline double seconds_since(Nanos started) {
  return static_cast<double>(monotonic_clock().now() - started) / 1e9;
}

class Deadline {
 public:
  explicit Deadline(const Budget& budget)
      : budget_(budget),
        end_(monotonic_clock().now() +
             static_cast<Nanos>(std::clamp(budget.seconds, 0.0, 1e9) * 1e9)) {}

  /// The CODE of what is exceeded ("budget.time", "budget.memory", "interrupted"), or nullptr.
  /// `bytes`: what the caller holds now. COST: a clock reading; ask every few thousand steps.
  [[nodiscard]] const char* exceeded(std::uint64_t bytes = 0) const {
    if (budget_.interrupted != nullptr && budget_.interrupted->load(std::memory_order_relaxed)) {
      return "interrupted";
    }
    if (bytes > budget_.memory_bytes) return "budget.memory";
    return monotonic_clock().now() >= end_ ? "budget.time" : nullptr;
  }

 private:
  Budget budget_;
  Nanos end_;
};

}  // namespace sunder::check
