// Format: one way to write a history down. One file check/readers/<name>.cpp and one line in list.def each.
//
// file → recognised by its first bytes, or named → **Format::read** → HistoryBuilder → History.
// Thread: constants. Tested by tests/check/formats_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "check/history.hpp"
#include "check/lines.hpp"
#include "check/readers/builder.hpp"

namespace sunder::check {

struct Format {
  const char* name;     ///< for --format
  const char* summary;  ///< one line
  ReadPolicy policy;    ///< the contract's defaults for such files
  /// True if a file that begins so is of this format. `head`: up to 4 KiB, without leading blanks.
  bool (*recognises)(std::string_view head);
  /// Reads all of it. ERRORS: invalid with "file:line"; io.
  Status (*read)(LineReader& lines, History& history, HistoryBuilder& builder);
};

/// In the order in which they are tried. LIFETIME: static.
[[nodiscard]] std::span<const Format* const> all_formats();
[[nodiscard]] const Format* find_format(std::string_view name);
/// RETURNS the format of a file that begins with `head`; the first of the list for an empty one; nullptr: none.
[[nodiscard]] const Format* recognise(std::string_view head);

/// The error with "file:line", if it has no place yet.
[[nodiscard]] Error placed(Error error, const LineReader& lines);

}  // namespace sunder::check
