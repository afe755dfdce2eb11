// EventParser: one line of a history file as a RawEvent; words and types are checked here, pairing is history.cpp's.
//
// line → **EventParser** → RawEvent → read_history. Values go straight into the history's ValueTable; what is neither a
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

namespace sunder::check {

/// What a line says. Reused from line to line, so that its texts keep their memory.
struct RawEvent {
  EventType type = EventType::invoke;
  Nanos time = 0;
  Nanos intended = -1;
  std::int64_t process = 0;
  std::optional<std::uint32_t> index;
  bool has_f = false;
  OpKind kind = OpKind::other;
  bool has_key = false;
  std::string key;
  bool has_value = false;
  ValueId value = kUnknown;  ///< cas: the new one
  bool has_pair = false;     ///< cas: its value was [old, new]
  ValueId old = kUnknown;
  bool has_observed = false;
  ValueId observed = kUnknown;
  struct Part {
    Micro::F f = Micro::F::read;
    std::string key;
    ValueId value = kUnknown;
  };
  bool has_parts = false;  ///< txn: its value was [["r",key,value],…]
  std::vector<Part> parts;
  bool has_node = false;
  std::string node;
  OpErrorClass error = OpErrorClass::none;
};

class EventParser {
 public:
  EventParser();
  ~EventParser();
  EventParser(EventParser&&) noexcept;
  EventParser& operator=(EventParser&&) noexcept;

  /// What a line can be.
  enum class Kind { event, header };

  /// `line` must have LineReader::kPadding readable bytes behind it. Fills `event` or `header`.
  /// ERRORS: invalid, without a place; `not JSON at all` has the id "json".
  [[nodiscard]] Result<Kind> parse(std::string_view line, RawEvent& event, HistoryHeader& header,
                                   ValueTable& values);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A JSON text in its canonical spelling. ERRORS: invalid.
[[nodiscard]] Result<std::string> canonical_json(const std::string& text);
/// A JSON text as a value. ERRORS: invalid.
[[nodiscard]] Result<ValueId> intern_json(ValueTable& values, const std::string& text);

}  // namespace sunder::check
