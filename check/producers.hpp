// Producers: who left a value in a register.
//
// RegisterKey::ops → **Producers** → witness.cpp, which must know all that may have left a value that it drops.
// One word an operation, sorted: a map of vectors took a gigabyte where ten million values are written once each.
// Thread: pure. Tested by tests/check/witness_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "check/register_ops.hpp"

namespace sunder::check {

class Producers {
 public:
  /// REQUIRES `ops` by begin, fewer than 2^30, and living as long as this.
  explicit Producers(const std::vector<RegisterOp>& ops);

  /// Operations that left one value, by begin.
  class Group {
   public:
    [[nodiscard]] std::size_t size() const { return words_.size(); }
    [[nodiscard]] bool empty() const { return words_.empty(); }
    /// The k-th, as index of the operations.
    [[nodiscard]] std::uint32_t operator[](std::size_t k) const {
      return static_cast<std::uint32_t>(words_[k] & kOpMask);
    }

   private:
    friend class Producers;
    std::span<const std::uint64_t> words_;
  };

  struct Left {
    Group writes;  ///< acknowledged
    Group pending;
    Group aborted;                    ///< surely failed
    std::span<const Nanos> last_end;  ///< the greatest end of each of `writes` and those before it
  };
  [[nodiscard]] Left left(ValueId value) const;

 private:
  static constexpr unsigned kOpBits = 30;
  static constexpr std::uint64_t kOpMask = (std::uint64_t{1} << kOpBits) - 1;
  enum class Class : std::uint8_t { write, pending, aborted, end };

  static std::uint64_t word(ValueId value, Class of, std::uint32_t op) {
    return std::uint64_t{value} << (kOpBits + 2) | std::uint64_t(of) << kOpBits | op;
  }
  std::vector<std::uint64_t> words_;  // ascending: by value, class, operation
  std::vector<Nanos> last_end_;       // of each word that is a write
};

}  // namespace sunder::check
