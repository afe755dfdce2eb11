// Escape: any text as HTML or XML text.
//
// Names, values and messages come from databases and files, so nothing of them is trusted: the report and junit.xml put
// every text through here. Bytes that are not UTF-8, and control characters that XML 1.0 forbids, become U+FFFD, so
// that the result is always well formed (XML 1.0, sections 2.2 and 2.4).
// Thread: pure. Tested by tests/harness/junit_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace sunder::harness {

/// For element content and for attribute values in double or single quotes.
[[nodiscard]] std::string escape_markup(std::string_view text);
/// The text with only what may stand in XML and JSON, and nothing escaped.
[[nodiscard]] std::string clean_text(std::string_view text);
/// At most `limit` characters (not bytes), with "…" at the end where some are left out. Not yet escaped.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t limit);

}  // namespace sunder::harness
