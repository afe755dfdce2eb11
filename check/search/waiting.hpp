// Waiting: the configurations in which a depth-first search had to choose, each once.
//
// DepthFirst → **WaitingSet** → DepthFirst. Thread: one. Tested by tests/check/exact_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "check/history.hpp"

namespace sunder::check::engine {

// A configuration that waits at an end: by then its operation has to have happened, and has not.
template <std::size_t kWords>
struct Waiting {
  std::array<std::uint64_t, kWords> mask{};  // open operations that have happened, by slot
  std::uint32_t state = 0;
  std::uint32_t event = 0;  // the end

  [[nodiscard]] bool has(std::uint32_t slot) const {
    return (mask[slot / 64] >> (slot % 64) & 1U) != 0;
  }
  void set(std::uint32_t slot) { mask[slot / 64] |= std::uint64_t{1} << (slot % 64); }
  void clear(std::uint32_t slot) { mask[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
  friend bool operator==(const Waiting&, const Waiting&) = default;
  [[nodiscard]] std::size_t hash() const {
    std::uint64_t h = (std::uint64_t{state} << 32U | event) * std::uint64_t{0x9E3779B97F4A7C15};
    for (const auto word : mask) h = ((h << 23U | h >> 41U) ^ word) * 0xFF51AFD7ED558CCD;
    return static_cast<std::size_t>(h ^ h >> 32U);
  }
};

// A list of different ones.
template <std::size_t kWords>
class WaitingSet {
 public:
  // RETURNS false where it is there already.
  bool add(const Waiting<kWords>& config) {
    if (2 * (list_.size() + 1) > table_.size()) {
      table_.assign(std::max<std::size_t>(1024, table_.size() * 2), kNone);
      for (std::uint32_t i = 0; i < list_.size(); ++i) table_[place_of(list_[i])] = i;
    }
    std::uint32_t& place = table_[place_of(config)];
    if (place != kNone) return false;
    place = static_cast<std::uint32_t>(list_.size());
    list_.push_back(config);
    return true;
  }
  [[nodiscard]] const Waiting<kWords>& operator[](std::size_t i) const { return list_[i]; }
  [[nodiscard]] std::size_t size() const { return list_.size(); }
  [[nodiscard]] std::uint64_t bytes() const {
    return list_.capacity() * sizeof list_[0] + table_.capacity() * sizeof table_[0];
  }

 private:
  // Its own, or the empty one where it belongs.
  [[nodiscard]] std::size_t place_of(const Waiting<kWords>& config) const {
    std::size_t at = config.hash() & (table_.size() - 1);
    while (table_[at] != kNone && !(list_[table_[at]] == config))
      at = (at + 1) & (table_.size() - 1);
    return at;
  }

  std::vector<Waiting<kWords>> list_;
  std::vector<std::uint32_t> table_;  // hashed: places in the list
};

}  // namespace sunder::check::engine
