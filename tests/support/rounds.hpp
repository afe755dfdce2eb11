// How many random histories a comparison with brute force takes, and the seed of their dice.
//
// Under the sanitizers some thousands, within some seconds; in the optimised program that `./dev test` runs beside them
// (ctest: "oracles") SUNDER_ORACLE_ROUNDS says how many, 100 000, and no clock cuts it short.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>

namespace sunder {

/// Another one at every run, for the test to print; SUNDER_TEST_SEED repeats a run.
inline std::uint64_t seed_of_run() {
  const char* given = std::getenv("SUNDER_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

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
