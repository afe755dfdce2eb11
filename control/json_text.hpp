// JsonText: writes one JSON object, field by field, in the order of the calls. For answers and event lines.
//
// values → **JsonText** → text. Reading JSON is another matter (nlohmann, in the .cpp files that read).
// Control characters, quotes and backslashes are escaped (RFC 8259, section 7); bytes that are no UTF-8 become U+FFFD.
// Thread: a value. Tested by tests/control/event_log_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sunder/topology.hpp"

namespace sunder::control {

/// `text` in quotation marks, escaped.
[[nodiscard]] std::string json_quoted(std::string_view text);

class JsonText {
 public:
  JsonText& text(std::string_view key, std::string_view value) {
    return raw(key, json_quoted(value));
  }
  template <class T>
  requires std::is_integral_v<T> JsonText& number(std::string_view key, T value) {
    return raw(key, std::to_string(value));
  }
  JsonText& real(std::string_view key, double value);
  JsonText& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  JsonText& null(std::string_view key) { return raw(key, "null"); }
  /// `json` is JSON already.
  JsonText& raw(std::string_view key, std::string_view json);
  /// [["n1","n2"],…]
  JsonText& pairs(std::string_view key, const std::vector<Pair>& pairs);

  /// All fields of `a`, then those of `b`.
  [[nodiscard]] static JsonText joined(const JsonText& a, const JsonText& b);
  /// The fields without braces; for an object that gets more fields in front.
  [[nodiscard]] const std::string& fields() const { return fields_; }
  [[nodiscard]] std::string object() const { return "{" + fields_ + "}"; }

 private:
  std::string fields_;
};

/// [a,b,…] of texts that are JSON already.
[[nodiscard]] std::string json_array(const std::vector<std::string>& items);

}  // namespace sunder::control
