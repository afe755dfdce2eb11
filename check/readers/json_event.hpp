// EventParser: one JSON object of a history file as a RawEvent; words and types are checked here, pairing is the
// builder's.
//
// line → **EventParser** → RawEvent → HistoryBuilder. Values go straight into the history's ValueTable; what is neither a
// number nor a list, as JSON text in one canonical spelling (no spaces; strings with the fewest escapes).
// Thread: one parser for one thread. Tested by tests/check/history_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/history.hpp"
#include "check/readers/raw_event.hpp"

namespace sunder::check {

class EventParser {
 public:
  EventParser();
  ~EventParser();
  EventParser(EventParser&&) noexcept;
  EventParser& operator=(EventParser&&) noexcept;

  /// What a line can be; skipped: no client's event.
  enum class Kind { event, header, skipped };

  /// `line` must have LineReader::kPadding readable bytes behind it. Fills `event` or `header`.
  /// ERRORS: invalid, without a place; `not JSON at all` has the id "json".
  [[nodiscard]] Result<Kind> parse(std::string_view line, RawEvent& event, HistoryHeader& header,
                                   ValueTable& values);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

/// A JSON text in its canonical spelling. ERRORS: invalid.
[[nodiscard]] Result<std::string> canonical_json(const std::string& text);
/// A JSON text as a value. ERRORS: invalid.
[[nodiscard]] Result<ValueId> intern_json(ValueTable& values, const std::string& text);

}  // namespace sunder::check
