#include "sunder/rng.hpp"

#include <cmath>
#include <numbers>

namespace sunder {
namespace {

constexpr std::uint64_t rotl(std::uint64_t x, int k) {
  return (x << k) | (x >> (64 - k));
}

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): spreads a seed over the whole state.
constexpr std::uint64_t splitmix(std::uint64_t& x) {
  std::uint64_t z = (x += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed) noexcept : state_{} {
  for (auto& word : state_) word = splitmix(seed);
}

std::uint64_t Rng::next() noexcept {
  const std::uint64_t result = rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotl(state_[3], 45);
  return result;
}

double Rng::uniform() noexcept {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t Rng::below(std::uint64_t bound) noexcept {
  // Rejection keeps it exactly uniform: values under 2^64 mod bound would come up once too often.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t r = next();
    if (r >= threshold) return r % bound;
  }
}

double Rng::normal() noexcept {
  const double u = 1.0 - uniform();  // (0, 1]: log stays finite
  const double v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

SeedLabel::SeedLabel(std::uint64_t number) noexcept : hash(number) {
  hash = splitmix(number);
}

SeedLabel::SeedLabel(std::string_view word) noexcept : hash(0xCBF29CE484222325ULL) {
  for (const char c : word) {  // FNV-1a
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3ULL;
  }
}

std::uint64_t derive_seed(std::uint64_t seed, std::initializer_list<SeedLabel> labels) noexcept {
  std::uint64_t x = seed;
  std::uint64_t out = splitmix(x);
  for (const SeedLabel& label : labels) {
    x = out ^ rotl(label.hash, 23);
    out = splitmix(x);
  }
  return out;
}

}  // namespace sunder
