// Deadline: a Budget that runs: asked in inner loops whether time, memory or the user's patience is over.
//
// Thread: one each; copies may share an account, and `interrupted` may be set by any (a signal handler).
// Tested by tests/check/search_test.cpp and budgets_test.cpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "check/check.hpp"
#include "sunder/time.hpp"

namespace sunder::check {

/// Of the monotonic clock, to now.
[[nodiscard]] inline double seconds_since(Nanos started) {
  return static_cast<double>(monotonic_clock().now() - started) / 1e9;
}

/// What is left of a budget that has run since `started`.
[[nodiscard]] inline Budget left_of(Budget budget, Nanos started) {
  budget.seconds = std::max(0.0, budget.seconds - seconds_since(started));
  return budget;
}

/// Seconds that a witness may take after the time of a budget is over: half of what is allowed, max(5 %, 0.5 s).
[[nodiscard]] inline double proof_seconds(const Budget& budget) {
  return std::max(0.025 * budget.seconds, 0.25);
}

/// Steps of a quick loop between two looks at its deadline.
inline constexpr std::uint32_t kAskEvery = 1024;

class Deadline {
 public:
  /// `account`: bytes that all holders of this budget hold together (threads, a key each); nullptr: this one is alone.
  explicit Deadline(const Budget& budget, std::atomic<std::uint64_t>* account = nullptr)
      : budget_(budget),
        account_(account),
        end_(monotonic_clock().now() +
             static_cast<Nanos>(std::clamp(budget.seconds, 0.0, 1e9) * 1e9)) {}

  /// Of the time and the memory from now on; the account is the same.
  [[nodiscard]] Deadline half() const {
    Deadline out(*this);
    out.end_ = std::min(end_, monotonic_clock().now() + (end_ - monotonic_clock().now()) / 2);
    out.budget_.memory_bytes = budget_.memory_bytes / 2;
    return out;
  }

  /// The same end and account, for another holder.
  Deadline(const Deadline& other)
      : budget_(other.budget_), account_(other.account_), end_(other.end_) {}
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() {
    if (account_ != nullptr && mine_ != 0) account_->fetch_sub(mine_);
  }

  /// The CODE of what is exceeded ("budget.time", "budget.memory", "interrupted"), or nullptr.
  /// `bytes`: what the caller holds now; with an account the others' is added, for one that holds
  /// something. COST: a clock reading; ask every few thousand steps.
  [[nodiscard]] const char* exceeded(std::uint64_t bytes = 0) const {
    if (budget_.interrupted != nullptr && budget_.interrupted->load(std::memory_order_relaxed)) {
      return "interrupted";
    }
    if (account_ != nullptr && bytes != mine_) {
      account_->fetch_add(bytes - mine_);  // modulo 2⁶⁴, so it may shrink
      mine_ = bytes;
    }
    const std::uint64_t held = account_ != nullptr && bytes != 0 ? account_->load() : bytes;
    if (held > budget_.memory_bytes) return "budget.memory";
    return monotonic_clock().now() >= end_ ? "budget.time" : nullptr;
  }

 private:
  Budget budget_;
  std::atomic<std::uint64_t>* account_;
  mutable std::uint64_t mine_ = 0;  // of the account; one thread's
  Nanos end_;
};

}  // namespace sunder::check
