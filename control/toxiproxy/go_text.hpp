// GoText: characters as Go sees them: UTF-8 made valid, and a byte as Go's errors print it.
//
// Used by the JSON scanner and by the routes (percent-decoding). Thread: pure.
// Tested by tests/control/toxiproxy_json_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sunder::control::toxiproxy {

void append_utf8(std::string& out, std::uint32_t character);
/// Every byte that is not part of a valid character becomes U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view bytes);
/// A byte in single quotes: 'x', '\'', '\n', '\x01'; above 0x7F the character of that number ('ÿ').
[[nodiscard]] std::string go_char(char byte);
/// 0..15, or -1.
[[nodiscard]] int hex_digit(char c);

}  // namespace sunder::control::toxiproxy
