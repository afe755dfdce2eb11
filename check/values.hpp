// ValueTable: every value of a history by number; equal values have equal numbers.
//
// reader → **ValueTable** → checks compare numbers; text() only where something is shown.
// Integers are kept as they are (8 bytes and a place in a hash table: 10⁷ of them fit into 200 MiB), lists as runs of
// numbers (a list that is read twice is kept once), everything else as its canonical JSON text.
// Thread: built by one, then read by any. Tested by tests/check/values_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sunder::check {

/// A value by number: equal values have equal ids within one History.
using ValueId = std::uint32_t;
inline constexpr ValueId kAbsent = 0;   ///< null: the key does not exist
inline constexpr ValueId kUnknown = 1;  ///< nobody knows: a read without an answer

/// What a value is, as JSON; `unknown` only for kUnknown.
enum class ValueShape : std::uint8_t { absent, unknown, number, list, map, other };

class ValueTable {
 public:
  ValueTable();

  ValueId intern(std::int64_t number);
  /// `json`: canonical JSON text of a value that is neither an integer nor an array; "null" is kAbsent.
  ValueId intern_text(std::string_view json);
  /// A list of values that are in the table already.
  ValueId intern_list(std::span<const ValueId> items);

  /// JSON text; "null" and "?" for the first two.
  [[nodiscard]] std::string text(ValueId id) const;
  [[nodiscard]] std::optional<std::int64_t> number(ValueId id) const;
  /// Nothing where the value is no list. LIFETIME: until the next intern.
  [[nodiscard]] std::optional<std::span<const ValueId>> list(ValueId id) const;
  [[nodiscard]] ValueShape shape(ValueId id) const;
  /// Room for so many values, about.
  void expect(std::size_t values) {
    payload_.reserve(values);
    kinds_.reserve(values);
  }
  /// How many ids there are, the first two included.
  [[nodiscard]] std::size_t size() const { return payload_.size(); }
  /// Bytes of memory held, for budgets.
  [[nodiscard]] std::size_t bytes() const;

 private:
  enum class Kind : std::uint8_t { number, text, list };
  template <class Same>
  ValueId place(std::uint64_t hash, Kind kind, Same same, std::int64_t payload);
  [[nodiscard]] std::uint64_t hash_of(ValueId id) const;
  void grow();

  std::vector<std::int64_t> payload_;  // by id: the number, or an index into texts_ or list_ends_
  std::vector<Kind> kinds_;
  std::vector<std::string> texts_;
  std::size_t text_bytes_ = 0;
  std::vector<std::uint64_t> list_ends_;  // list i is items_[list_ends_[i - 1], list_ends_[i])
  std::vector<ValueId> items_;
  std::vector<ValueId> slots_;  // open addressing; kFree where nothing stands
  std::size_t in_slots_ = 0;
  std::vector<ValueId>
      small_;  // by number, 0 and up to some millions: one look, where slots take three
};

}  // namespace sunder::check
