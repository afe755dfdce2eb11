// Stages: one budget in two parts: finding a violation, then proving it with few operations.
//
// Budget → **Stages** → Deadline of the search; and, where it found something, Deadline of the witness.
// The search leaves a tenth of the time, for a violation that nobody can read is worth little; and both together end with
// the budget, but for a part of the overrun that --timeout allows (max(5 %, 0.5 s)).
// Thread: read by any once built. Tested by tests/check/stages_test.cpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "check/deadline.hpp"

namespace sunder::check {

class Stages {
 public:
  explicit Stages(const Budget& budget) : Stages(budget, monotonic_clock().now()) {}
  /// Of a budget that has run since `started`.
  Stages(const Budget& budget, Nanos started)
      : budget_(budget), started_(started), finding_(part(budget, kForFinding, started), &held_) {}

  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;

  /// A thread that holds memory takes a copy: all copies share one account, so one hard key may use the whole budget.
  [[nodiscard]] const Deadline& finding() const { return finding_; }

  /// From now: what is left and a little more, but no longer than a witness is worth.
  [[nodiscard]] Deadline proving() const {
    Budget rest = budget_;
    rest.seconds = std::clamp(budget_.seconds + proof_seconds(budget_) - seconds_since(started_),
                              0.0, std::clamp(budget_.seconds / 4, 1.0, kMostForProof));
    return Deadline(rest, &held_);
  }

 private:
  static constexpr double kForFinding = 0.9;
  static constexpr double kMostForProof = 15;  // seconds

  static Budget part(Budget budget, double share, Nanos started) {
    budget.seconds *= share;
    return left_of(budget, started);
  }

  Budget budget_;
  Nanos started_;
  mutable std::atomic<std::uint64_t> held_{0};  // bytes, of all threads
  Deadline finding_;
};

}  // namespace sunder::check
