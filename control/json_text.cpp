// JsonText; see json_text.hpp.
#include "control/json_text.hpp"

#include <array>
#include <cstdio>

namespace sunder::control {
namespace {

/// Length of the UTF-8 sequence at the start of `text`; 0 if it is none (RFC 3629; surrogates are not looked for).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t length = 0;
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) length = 2;
  if (byte(0) >= 0xE0 && byte(0) <= 0xEF) length = 3;
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = utf8_length(text.substr(i));
      if (length == 0) {
        out += "\\ufffd";
      } else {
        out += text.substr(i, length);
        i += length - 1;
      }
      continue;
    }
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr const char* kHex = "0123456789abcdef";
          const auto code = static_cast<unsigned char>(c);
          out += "\\u00";
          out += kHex[code >> 4U];
          out += kHex[code & 0xFU];
        } else {
          out += c;
        }
    }
  }
  out += '"';
  return out;
}

JsonText& JsonText::real(std::string_view key, double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.9g", value);
  return raw(key, text.data());
}

JsonText& JsonText::raw(std::string_view key, std::string_view json) {
  if (!fields_.empty()) fields_ += ',';
  fields_ += json_quoted(key);
  fields_ += ':';
  fields_ += json;
  return *this;
}

JsonText JsonText::joined(const JsonText& a, const JsonText& b) {
  JsonText out = a;
  if (!out.fields_.empty() && !b.fields_.empty()) out.fields_ += ',';
  out.fields_ += b.fields_;
  return out;
}

JsonText& JsonText::pairs(std::string_view key, const std::vector<Pair>& pairs) {
  std::vector<std::string> items;
  items.reserve(pairs.size());
  for (const Pair& pair : pairs) {
    items.push_back("[" + json_quoted(pair.from) + "," + json_quoted(pair.to) + "]");
  }
  return raw(key, json_array(items));
}

std::string json_array(const std::vector<std::string>& items) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += ',';
    out += items[i];
  }
  return out + "]";
}

}  // namespace sunder::control
