// GoJson: JSON as Go's encoding/json reads and writes it, since clients of Toxiproxy see its very words.
//
// body → **parse_go** → GoValue → decode (decode.hpp). Values → go_quoted, go_float → answers.
// Only the first value of a text is read, as json.Decoder does; what follows it is ignored. Error::message is Go's own
// text ("EOF", "invalid character 'x' after object key"); it depends on the byte where the scanner stopped, which a
// general JSON library does not tell in these words.
// Thread: pure. Source: RFC 8259; the behaviour of Go 1.26's encoding/json, version 1.
// Tested by tests/control/toxiproxy_json_test.cpp and, beside the original, tests/toxiproxy/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sunder/result.hpp"

namespace sunder::control::toxiproxy {

struct GoMember;

struct GoValue {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  ///< of a string: decoded, valid UTF-8; of a number: as written
  std::vector<GoValue> items;
  std::vector<GoMember> members;  ///< in their order, doubles too
};

/// A struct and no std::pair, which has to be complete where clang 14 first looks at a GoValue.
struct GoMember {
  std::string key;
  GoValue value;
};

inline constexpr int kDepthMax = 1000;

[[nodiscard]] Result<GoValue> parse_go(std::string_view text);
/// "array", "bool", …: what Go's errors call a value of that kind.
[[nodiscard]] const char* go_name(GoValue::Kind kind);
/// In quotation marks, with <, >, &, U+2028 and U+2029 escaped, and U+FFFD for what is no UTF-8.
[[nodiscard]] std::string go_quoted(std::string_view text);
/// The shortest text that reads back as this float32: "1", "0.1", "1e-7".
[[nodiscard]] std::string go_float(float value);

}  // namespace sunder::control::toxiproxy
