// FlatMap: 64-bit keys to 32-bit numbers, open addressing; for the one pass that finds each value's writer.
//
// std::unordered_map allocates a node for each entry, which would cost more than the rest of the check.
// Thread: one. Tested by tests/check/order_checks_test.cpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sunder::check::order {

class FlatMap {
 public:
  static constexpr std::uint32_t kFree = 0xFFFFFFFF;

  explicit FlatMap(std::size_t expected = 16)
      : slots_(std::bit_ceil(2 * expected + 16)), mask_(slots_.size() - 1) {}

  /// The number stored for `key`; kFree where it is new (the caller then sets it).
  std::uint32_t& at(std::uint64_t key) {
    if (2 * used_ >= slots_.size()) grow();
    Slot& slot = slots_[place(key)];
    if (!slot.taken) {
      slot.taken = true;
      slot.key = key;
      ++used_;
    }
    return slot.value;
  }
  [[nodiscard]] std::uint32_t find(std::uint64_t key) const { return slots_[place(key)].value; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t value = kFree;
    bool taken = false;
  };
  [[nodiscard]] std::size_t place(std::uint64_t key) const {
    const std::uint64_t mixed = (key ^ (key >> 31U)) * 0x9E3779B97F4A7C15ULL;
    std::size_t at = static_cast<std::size_t>(mixed >> 20U) & mask_;
    while (slots_[at].taken && slots_[at].key != key) at = (at + 1) & mask_;
    return at;
  }
  void grow() {
    std::vector<Slot> before(2 * slots_.size());
    before.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : before) {
      if (slot.taken) slots_[place(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t mask_;
  std::size_t used_ = 0;
};

}  // namespace sunder::check::order
