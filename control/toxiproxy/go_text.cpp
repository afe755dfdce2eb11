// Characters; see go_text.hpp.
#include "control/toxiproxy/go_text.hpp"

namespace sunder::control::toxiproxy {
namespace {

/// The length of the valid character at the front of `bytes`; 0 if there is none (RFC 3629, section 4).
std::size_t character_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto tail = [&](std::size_t i) { return i < bytes.size() && (at(i) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !tail(1)) return 0;
  if (first < 0xE0) return 2;
  const unsigned second = at(1);
  if (first < 0xF0) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return tail(2) ? 3 : 0;
  }
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return tail(2) && tail(3) ? 4 : 0;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t character) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0U | (character >> 6U));
    put(0x80U | (character & 0x3FU));
  } else if (character < 0x10000) {
    put(0xE0U | (character >> 12U));
    put(0x80U | ((character >> 6U) & 0x3FU));
    put(0x80U | (character & 0x3FU));
  } else {
    put(0xF0U | (character >> 18U));
    put(0x80U | ((character >> 12U) & 0x3FU));
    put(0x80U | ((character >> 6U) & 0x3FU));
    put(0x80U | (character & 0x3FU));
  }
}

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = character_length(bytes);
    if (length == 0) {
      append_utf8(out, 0xFFFD);
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string go_char(char byte) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::string_view kBytes = "\a\b\f\n\r\t\v\\'";
  constexpr std::string_view kNames = "abfnrtv\\'";
  const auto number = static_cast<unsigned char>(byte);
  std::string out = "'";
  if (const auto index = kBytes.find(byte); index != std::string_view::npos) {
    out += '\\';
    out += kNames[index];
  } else if (number < 0x20 || number == 0x7F) {
    out += "\\x";
    out += kHex[number >> 4U];
    out += kHex[number & 15U];
  } else if (number >= 0x80 && (number <= 0xA0 || number == 0xAD)) {
    out += "\\u00";  // no printable character
    out += kHex[number >> 4U];
    out += kHex[number & 15U];
  } else {
    append_utf8(out, number);
  }
  return out + "'";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace sunder::control::toxiproxy
