// ConfigSet: the configurations that a search holds at one time, each once.
//
// Search → **ConfigSet** → Search. A configuration is a mask of the open operations that have happened, and a state.
// Thread: one. Tested by tests/check/search_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sunder::check::engine {

// Which open operations have happened, by slot; and the state then.
template <std::size_t kWords>
struct Config {
  std::array<std::uint64_t, kWords> mask{};
  std::array<std::uint64_t, kWords>
      free{};  // of those that have not: they may as well have, unseen
  std::uint32_t state = 0;

  [[nodiscard]] bool has(std::uint32_t slot) const {
    return (mask[slot / 64] >> (slot % 64) & 1U) != 0;
  }
  void set(std::uint32_t slot) { mask[slot / 64] |= std::uint64_t{1} << (slot % 64); }
  void clear(std::uint32_t slot) { mask[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
  friend bool operator==(const Config&, const Config&) = default;
  [[nodiscard]] std::size_t hash() const {
    std::uint64_t h = state * std::uint64_t{0x9E3779B97F4A7C15};
    for (const auto word : mask) h = (std::rotl(h, 23) ^ word) * 0xFF51AFD7ED558CCD;
    for (const auto word : free) h = (std::rotl(h, 23) ^ word) * 0xFF51AFD7ED558CCD;
    return static_cast<std::size_t>(h ^ h >> 32U);
  }
};

// A list of different configurations. Slots of the table carry the number of the round, so that clearing is free.
template <std::size_t kWords>
class ConfigSet {
 public:
  bool add(const Config<kWords>& config) {
    if (2 * (list_.size() + 1) > slots_.size()) grow();
    std::size_t at = config.hash() & (slots_.size() - 1);
    while (slots_[at].round == round_) {
      if (list_[slots_[at].number] == config) return false;
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = {round_, static_cast<std::uint32_t>(list_.size())};
    list_.push_back(config);
    return true;
  }
  /// REQUIRES that something was added.
  [[nodiscard]] bool contains(const Config<kWords>& config) const {
    std::size_t at = config.hash() & (slots_.size() - 1);
    while (slots_[at].round == round_) {
      if (list_[slots_[at].number] == config) return true;
      at = (at + 1) & (slots_.size() - 1);
    }
    return false;
  }
  void clear() {
    list_.clear();
    ++round_;
  }
  [[nodiscard]] const std::vector<Config<kWords>>& list() const { return list_; }
  [[nodiscard]] std::vector<Config<kWords>>& list() { return list_; }
  [[nodiscard]] std::uint64_t bytes() const {
    return list_.capacity() * sizeof(Config<kWords>) + slots_.capacity() * sizeof(Slot);
  }

 private:
  struct Slot {
    std::uint64_t round = 0;
    std::uint32_t number = 0;
  };
  void grow() {
    slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), Slot{});
    ++round_;
    for (std::uint32_t i = 0; i < list_.size(); ++i) {
      std::size_t at = list_[i].hash() & (slots_.size() - 1);
      while (slots_[at].round == round_) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {round_, i};
    }
  }
  std::vector<Config<kWords>> list_;
  std::vector<Slot> slots_;
  std::uint64_t round_ = 1;
};

}  // namespace sunder::check::engine
