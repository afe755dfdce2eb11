// EdnEvents: one EDN map of a Jepsen history as a RawEvent.
//
// FormReader → map → **EdnEvents** → RawEvent → HistoryBuilder. Keys may stand in any order and others may be there.
// Keyed workloads (jepsen.independent) write every value as [key value]; the first client event with a value decides, for
// a history is of one kind: a read is invoked with nil or with [key nil], a cas with [old new] or with [key [old new]].
// Source: edn-format/edn (README, "built-in elements"); Jepsen's history format (jepsen.history).
// Thread: one. Tested by tests/check/formats_test.cpp.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "check/readers/edn_cursor.hpp"
#include "check/readers/raw_event.hpp"
#include "sunder/result.hpp"

namespace sunder::check {

class EdnEvents {
 public:
  explicit EdnEvents(ValueTable& values) : values_(values) {}

  /// RETURNS false for an event that is no client's (its :process is no number). ERRORS: invalid, without a place.
  [[nodiscard]] Result<bool> parse(std::string_view map, RawEvent& event);
  /// The same for a client's event of the simple shape at the beginning of `rest`. RETURNS how many bytes it is long; 0: it
  /// is of another shape, for parse() to read.
  [[nodiscard]] std::size_t scan(std::string_view rest, RawEvent& event);

 private:
  enum class Keyed : std::uint8_t { undecided, no, yes };
  Status set_value(std::string_view form, RawEvent& event);
  Status set_parts(std::string_view form, RawEvent& event);
  void decide_keyed(std::string_view form, OpKind kind);
  Result<ValueId> intern(std::string_view form);
  Result<ValueId> intern_at(EdnCursor& cursor, int depth);
  Status append_json(std::string& out, EdnCursor& cursor, int depth);
  std::string_view name_of_form(std::string_view form);

  ValueTable& values_;
  std::deque<std::string> names_;  // keys that are no plain text, for the life of one event
  Keyed keyed_ = Keyed::undecided;
};

}  // namespace sunder::check
