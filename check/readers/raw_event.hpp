// RawEvent: what one event of a history file says, whatever its format.
//
// reader → **RawEvent** → HistoryBuilder. Texts are views that live until the reader's next event; values are in the
// history's table already. Thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/history.hpp"
#include "sunder/result.hpp"

namespace sunder::check {

/// What is wrong with a line; the reader adds which.
[[nodiscard]] inline Error bad_line(std::string message) {
  return {ErrorCode::invalid, std::move(message)};
}

struct RawEvent {
  EventType type = EventType::invoke;
  Nanos time = 0;
  bool has_time = false;  ///< without: the order of the events is their time
  Nanos intended = -1;
  std::int64_t process = 0;
  std::optional<std::uint32_t> index;
  bool has_f = false;
  OpKind kind = OpKind::other;
  bool has_key = false;
  std::string_view key;
  bool has_value = false;
  ValueId value = kUnknown;  ///< cas: the new one
  bool has_pair = false;     ///< cas: its value was [old, new]
  ValueId old = kUnknown;
  bool has_observed = false;
  ValueId observed = kUnknown;
  struct Part {
    Micro::F f = Micro::F::read;
    std::string_view key;
    ValueId value = kUnknown;
  };
  bool has_parts = false;  ///< txn: its value was [["r",key,value],…]
  std::vector<Part> parts;
  bool has_node = false;
  std::string_view node;
  OpErrorClass error = OpErrorClass::none;

  /// Back to nothing said; keeps memory.
  void clear() {
    auto kept = std::move(parts);
    kept.clear();
    *this = RawEvent{};
    parts = std::move(kept);
  }
};

/// The contract's error class of that word; none for an unknown word: the event's type decides.
[[nodiscard]] OpErrorClass parse_error_class(std::string_view word);
[[nodiscard]] std::optional<EventType> parse_event_type(std::string_view word);

}  // namespace sunder::check
