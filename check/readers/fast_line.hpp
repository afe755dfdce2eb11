// scan_line: one event line as our own recorder writes it, without a JSON parser's tree.
//
// line → **scan_line** → RawEvent, or "not that shape" → EventParser, which knows all of JSON. Most lines of a long history
// are of that shape: flat, texts without escapes, values that are whole numbers, null, a short plain text, or [old, new].
// COST: one pass over the bytes; about a quarter of the tree's time.
// Thread: pure. Tested by tests/check/formats_test.cpp (agrees with EventParser on mutated lines).
#pragma once

#include <string_view>

#include "check/readers/raw_event.hpp"

namespace sunder::check {

/// RETURNS true if the line is of the simple shape and `event` says what it says. False: nothing is known of it, and the
/// table of values is as it was.
[[nodiscard]] bool scan_line(std::string_view line, RawEvent& event, ValueTable& values);

}  // namespace sunder::check
