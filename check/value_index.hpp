// ValueIndex: the values of one key as numbers 0, 1, 2, … in order of appearance.
//
// ValueIds are dense over a whole history. Where they are nearly dense within the key too (one key, or few), a table by id
// is both the smallest and the quickest: ids grow as the file does, so neighbours in time are neighbours in memory, and 10⁷
// operations miss the cache no more often than 10⁵. Elsewhere a flat table with linear probing.
// Thread: one. Tested by tests/check/linearizable_test.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "check/history.hpp"

namespace sunder::check {

class ValueIndex {
 public:
  static constexpr std::size_t kSparse =
      4;  // ids for each value, above which a table by id is waste
  static constexpr std::size_t kFirst = 1024;
  /// `most`: more different values than these will not come; the table grows with those that do. `ids`: they are below.
  ValueIndex(std::size_t most, std::size_t ids) {
    if (ids / kSparse <= most) {
      direct_.resize(ids, kNone);
      return;
    }
    slots_.resize(std::bit_ceil(2 * std::min(most, kFirst) + 2));
    mask_ = slots_.size() - 1;
  }

  /// The number of `value`; a new one if it has none yet.
  std::uint32_t add(ValueId value) {
    if (!direct_.empty()) {
      std::uint32_t& number = direct_[value];
      if (number == kNone) number = count_++;
      return number;
    }
    Slot& slot = slots_[place(value)];
    if (slot.number != kNone) return slot.number;
    slot = {value, count_};
    if (2 * std::size_t{count_} + 2 > slots_.size()) grow();
    return count_++;
  }
  /// The number of `value`, or kNone.
  [[nodiscard]] std::uint32_t find(ValueId value) const {
    return direct_.empty() ? slots_[place(value)].number : direct_[value];
  }
  [[nodiscard]] std::uint32_t size() const { return count_; }

 private:
  struct Slot {
    ValueId value = 0;
    std::uint32_t number = kNone;
  };
  [[nodiscard]] std::size_t place(ValueId value) const {
    std::size_t at = (value * std::size_t{0x9E3779B97F4A7C15}) >> 20U & mask_;
    while (slots_[at].number != kNone && slots_[at].value != value) at = (at + 1) & mask_;
    return at;
  }

  void grow() {
    std::vector<Slot> before(2 * slots_.size());
    std::swap(before, slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : before) {
      if (slot.number != kNone) slots_[place(slot.value)] = slot;
    }
  }

  std::vector<std::uint32_t> direct_;  // by id; empty: slots_ are used
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace sunder::check
