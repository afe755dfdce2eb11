// The scanner and the writers; see go_json.hpp.
#include "control/toxiproxy/go_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "control/toxiproxy/go_text.hpp"

namespace sunder::control::toxiproxy {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<GoValue> first_value() {
    skip_space();
    if (at_ == text_.size()) return Error{ErrorCode::invalid, "EOF"};
    GoValue out;
    if (!value(out, 0)) return Error{ErrorCode::invalid, error_};
    return out;
  }

 private:
  [[nodiscard]] bool ended() const { return at_ >= text_.size(); }
  [[nodiscard]] char now() const { return text_[at_]; }
  void skip_space() {
    while (!ended() && (now() == ' ' || now() == '\t' || now() == '\r' || now() == '\n')) ++at_;
  }
  /// The byte here is wrong, or the text ends too early. RETURNS false.
  bool wrong(const std::string& context) {
    error_ = ended() ? "unexpected EOF" : "invalid character " + go_char(now()) + " " + context;
    return false;
  }

  bool value(GoValue& out, int depth) {
    skip_space();
    if (ended()) return wrong("");
    const char c = now();
    if (c == '{' || c == '[') {
      if (depth >= kDepthMax) {
        error_ = "exceeded max depth";
        return false;
      }
      ++at_;
      return c == '{' ? object(out, depth) : array(out, depth);
    }
    if (c == '"') {
      out.kind = GoValue::Kind::string;
      return string(out.text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) return number(out);
    if (c == 't' || c == 'f') {
      out.kind = GoValue::Kind::boolean;
      out.boolean = c == 't';
      return literal(c == 't' ? "true" : "false");
    }
    if (c == 'n') return literal("null");
    return wrong("looking for beginning of value");
  }

  bool literal(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i, ++at_) {
      if (ended() || now() != word[i]) {
        return wrong("in literal " + std::string(word) + " (expecting '" + word[i] + "')");
      }
    }
    return true;
  }

  bool digits(const char* context) {
    if (ended() || now() < '0' || now() > '9') return wrong(context);
    while (!ended() && now() >= '0' && now() <= '9') ++at_;
    return true;
  }

  bool number(GoValue& out) {
    out.kind = GoValue::Kind::number;
    const std::size_t begin = at_;
    if (now() == '-') ++at_;
    if (!ended() && now() == '0') {
      ++at_;
    } else if (!digits("in numeric literal")) {
      return false;
    }
    if (!ended() && now() == '.') {
      ++at_;
      if (!digits("after decimal point in numeric literal")) return false;
    }
    if (!ended() && (now() == 'e' || now() == 'E')) {
      ++at_;
      if (!ended() && (now() == '+' || now() == '-')) ++at_;
      if (!digits("in exponent of numeric literal")) return false;
    }
    out.text = std::string(text_.substr(begin, at_ - begin));
    return true;
  }

  bool hex4(std::uint32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = ended() ? -1 : hex_digit(now());
      if (digit < 0) return wrong("in \\u hexadecimal character escape");
      out = out * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  /// After `\u`. Two halves of a pair are one character; a half alone is U+FFFD.
  bool unicode_escape(std::string& out) {
    std::uint32_t unit = 0;
    if (!hex4(unit)) return false;
    while (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      std::uint32_t next = 0;
      if (!hex4(next)) return false;
      if (next >= 0xDC00 && next < 0xE000) {
        append_utf8(out, 0x10000 + ((unit - 0xD800) << 10U) + (next - 0xDC00));
        return true;
      }
      append_utf8(out, 0xFFFD);
      unit = next;
    }
    append_utf8(out, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
    return true;
  }

  bool escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
    if (ended()) return wrong("");
    if (now() == 'u') {
      ++at_;
      return unicode_escape(out);
    }
    const auto index = kNames.find(now());
    if (index == std::string_view::npos) return wrong("in string escape code");
    out += kBytes[index];
    ++at_;
    return true;
  }

  bool string(std::string& out) {
    std::string bytes;
    for (++at_; !ended() && now() != '"';) {
      if (static_cast<unsigned char>(now()) < 0x20) return wrong("in string literal");
      if (now() == '\\') {
        ++at_;
        if (!escape(bytes)) return false;
      } else {
        bytes += now();
        ++at_;
      }
    }
    if (ended()) return wrong("");
    ++at_;
    out = valid_utf8(bytes);
    return true;
  }

  bool object(GoValue& out, int depth) {
    out.kind = GoValue::Kind::object;
    skip_space();
    if (!ended() && now() == '}') {
      ++at_;
      return true;
    }
    for (;;) {
      skip_space();
      if (ended() || now() != '"') return wrong("looking for beginning of object key string");
      std::string key;
      if (!string(key)) return false;
      skip_space();
      if (ended() || now() != ':') return wrong("after object key");
      ++at_;
      GoValue item;
      if (!value(item, depth + 1)) return false;
      out.members.push_back({std::move(key), std::move(item)});
      skip_space();
      if (!ended() && now() == '}') {
        ++at_;
        return true;
      }
      if (ended() || now() != ',') return wrong("after object key:value pair");
      ++at_;
    }
  }

  bool array(GoValue& out, int depth) {
    out.kind = GoValue::Kind::array;
    skip_space();
    if (!ended() && now() == ']') {
      ++at_;
      return true;
    }
    for (;;) {
      GoValue item;
      if (!value(item, depth + 1)) return false;
      out.items.push_back(std::move(item));
      skip_space();
      if (!ended() && now() == ']') {
        ++at_;
        return true;
      }
      if (ended() || now() != ',') return wrong("after array element");
      ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace

Result<GoValue> parse_go(std::string_view text) {
  return Scanner(text).first_value();
}

const char* go_name(GoValue::Kind kind) {
  switch (kind) {
    case GoValue::Kind::null: return "null";
    case GoValue::Kind::boolean: return "bool";
    case GoValue::Kind::number: return "number";
    case GoValue::Kind::string: return "string";
    case GoValue::Kind::array: return "array";
    case GoValue::Kind::object: return "object";
  }
  return "";
}

std::string go_quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const std::string valid = valid_utf8(text);
  std::string out = "\"";
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t') {
      out += '\\';
      out += c == '\b' ? 'b' : c == '\f' ? 'f' : c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else if (valid.compare(i, 3, "\xE2\x80\xA8") == 0 ||
               valid.compare(i, 3, "\xE2\x80\xA9") == 0) {
      out += valid[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string go_float(float value) {
  const float size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-6F || size >= 1e21F);
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string out(buffer, end);
  if (exponent) {
    // Go writes e-7 where C++ writes e-07, but e+21 as C++ does.
    if (const auto at = out.find("e-0"); at != std::string::npos) out.erase(at + 2, 1);
    return out;
  }
  // The shortest digits, and then zeros: the fixed form of C++ would write every digit of a large float.
  const auto at = out.find('e');
  const int power = std::stoi(out.substr(at + 1));
  std::string digits;
  for (const char c : out.substr(0, at)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  const auto whole = static_cast<std::size_t>(std::max(power, -1) + 1);
  if (power < 0) digits.insert(0, static_cast<std::size_t>(-power - 1), '0');
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  std::string fixed = value < 0 ? "-" : "";
  fixed += whole == 0 ? "0" : digits.substr(0, whole);
  if (digits.size() > whole) fixed += "." + digits.substr(whole);
  return fixed;
}

}  // namespace sunder::control::toxiproxy
