// Dice: a small, fast, seeded generator and the rule by which seeds are derived.
//
// Every decision that sunder takes by chance comes from a seed derived from the run's seed and a list of labels (pair,
// ordinal of the connection, direction, fault name), so that the same run seed repeats the same decisions for the same
// order of arrivals, and one fault's dice do not depend on another's.
// The generator is xoshiro256** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 2021),
// seeded through SplitMix64. Not for cryptography.
// Thread: a value; one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace sunder {

class Rng {
 public:
  explicit Rng(std::uint64_t seed) noexcept;

  /// 64 uniform bits.
  std::uint64_t next() noexcept;
  /// Uniform in [0, 1).
  double uniform() noexcept;
  /// Uniform in [0, bound). REQUIRES bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept;
  /// True with probability p (0..1).
  bool chance(double p) noexcept { return uniform() < p; }
  /// Standard normal (Box–Muller; two draws a call).
  double normal() noexcept;

 private:
  std::array<std::uint64_t, 4> state_;
};

/// A label of a derived seed: a number or a word.
struct SeedLabel {
  SeedLabel(std::uint64_t number) noexcept;   // NOLINT: implicit by design
  SeedLabel(std::string_view word) noexcept;  // NOLINT
  SeedLabel(const char* word) noexcept : SeedLabel(std::string_view(word)) {}  // NOLINT
  std::uint64_t hash;
};

/// A seed for one purpose. Same seed and labels: same result, on every machine.
[[nodiscard]] std::uint64_t derive_seed(std::uint64_t seed,
                                        std::initializer_list<SeedLabel> labels) noexcept;

}  // namespace sunder
