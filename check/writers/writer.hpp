// Writer: one way to write a history down again. One file check/writers/<name>.cpp and one line in list.def each.
//
// History → events in the order of their indices → **Writer** → text, block by block → a file descriptor.
// What an operation says is kept; unknown fields of a foreign file and words that the contract lacks are not.
// Thread: constants. Tested by tests/check/writers_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "check/history.hpp"
#include "sunder/result.hpp"

namespace sunder::check {

/// One event of an operation: its call or its completion.
struct WrittenEvent {
  const History& history;
  const Op& op;
  bool completion = false;
  [[nodiscard]] std::uint32_t index() const {
    return completion ? op.complete_event : op.invoke_event;
  }
  [[nodiscard]] Nanos time() const { return completion ? op.completed : op.invoked; }
  /// A read of which nobody knows what it returned says nothing: a format without such a word writes it as failed.
  [[nodiscard]] bool answer_unknown() const {
    return op.kind == OpKind::read && op.outcome == EventType::ok && op.value == kUnknown;
  }
};

struct Writer {
  const char* name;     ///< for --convert
  const char* summary;  ///< one line
  /// What stands before the first event; may append nothing.
  void (*begin)(std::string& out, const History& history);
  /// One line, without its newline.
  void (*event)(std::string& out, const WrittenEvent& event);
};

/// LIFETIME: static.
[[nodiscard]] std::span<const Writer* const> all_writers();
[[nodiscard]] const Writer* find_writer(std::string_view name);

/// The whole history. ERRORS: io.
[[nodiscard]] Status write_history(const History& history, const Writer& writer, int descriptor);

/// The events of these indices as lines of our own format, in the order of the indices; for witnesses of any format.
[[nodiscard]] std::vector<std::string> event_lines(const History& history,
                                                   const std::vector<std::uint32_t>& indices);

}  // namespace sunder::check
