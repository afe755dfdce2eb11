// How many random histories a comparison with brute force takes.
//
// Under the sanitizers some thousands, within some seconds; in the optimised program that `./dev test` runs beside them
// (ctest: "oracles") SUNDER_ORACLE_ROUNDS says how many, 100 000, and no clock cuts it short.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>

namespace sunder {

class Rounds {
 public:
  /// `usual`: without SUNDER_ORACLE_ROUNDS, and then at most for so many seconds.
  explicit Rounds(std::uint64_t usual, int seconds = 8)
      : most_(usual), end_(std::chrono::steady_clock::now() + std::chrono::seconds(seconds)) {
    if (const char* asked = std::getenv("SUNDER_ORACLE_ROUNDS"); asked != nullptr) {
      most_ = std::strtoull(asked, nullptr, 10);
      end_ = std::chrono::steady_clock::time_point::max();
    }
  }
  /// True while round number `round` is to be done.
  [[nodiscard]] bool more(std::uint64_t round) const {
    return round < most_ && (round % 64 != 0 || std::chrono::steady_clock::now() < end_);
  }

 private:
  std::uint64_t most_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace sunder
