// EdnCursor: the tokens of EDN in one text that is in memory.
//
// EdnEvents → **EdnCursor**. Every move says whether it could be made; nothing is thrown, and nothing is read behind the
// end. Source: edn-format/edn. Thread: one. Tested by tests/check/formats_test.cpp.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace sunder::check {

class EdnCursor {
 public:
  explicit EdnCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  static constexpr int kDeepest = 64;  ///< nesting; more is no history

  [[nodiscard]] bool at_end() {
    skip_blanks();
    return at_ == end_;
  }
  [[nodiscard]] char peek() {
    skip_blanks();
    return at_ == end_ ? '\0' : *at_;
  }
  bool eat(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  /// Where the next form begins.
  [[nodiscard]] const char* place() {
    skip_blanks();
    return at_;
  }
  /// From `start` to here.
  [[nodiscard]] std::string_view since(const char* start) const {
    return {start, static_cast<std::size_t>(at_ - start)};
  }

  /// A symbol, number, keyword (with its colon) or character, as it stands; empty where none begins.
  std::string_view atom() {
    skip_blanks();
    const char* start = at_;
    if (at_ != end_ && *at_ == '\\') {  // a character: at least one byte, whatever it is
      ++at_;
      if (at_ != end_) ++at_;
    }
    while (at_ != end_ && !delimiter(*at_)) ++at_;
    return since(start);
  }
  /// A text with its quotation marks, escapes as they stand; empty where it does not end.
  std::string_view text() {
    const char* start = at_;
    if (!eat('"')) return {};
    start = at_ - 1;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ == '\\' && at_ + 1 != end_) ++at_;
      ++at_;
    }
    if (at_ == end_) return {};
    ++at_;
    return since(start);
  }
  /// Goes over one form. RETURNS false where none stands whole.
  bool skip_form(int depth = 0) {
    if (depth > kDeepest) return false;
    skip_tags();
    const char c = peek();
    if (c == '"') return !text().empty();
    if (c == '#' && at_ + 1 != end_ && at_[1] == '{') ++at_;
    if (peek() == '[' || peek() == '(' || peek() == '{') {
      const char close = *at_ == '[' ? ']' : *at_ == '(' ? ')' : '}';
      ++at_;
      while (!eat(close)) {
        if (at_end() || !skip_form(depth + 1)) return false;
      }
      return true;
    }
    return !atom().empty();
  }
  /// Goes over #tag and #_ discarded forms before a form. RETURNS true if there was a tag.
  bool skip_tags() {
    bool tagged = false;
    while (peek() == '#' && at_ + 1 != end_ && at_[1] != '{') {
      ++at_;
      if (*at_ == '_') {
        ++at_;
        if (!skip_form(1)) return tagged;
        continue;
      }
      const char* start = at_;
      while (at_ != end_ && !delimiter(*at_)) ++at_;
      if (at_ == start) return tagged;
      tagged = true;
    }
    return tagged;
  }

  [[nodiscard]] static bool integer(std::string_view atom, std::int64_t& out) {
    if (!atom.empty() && atom.back() == 'N') atom.remove_suffix(1);
    if (!atom.empty() && atom.front() == '+') atom.remove_prefix(1);
    const auto [end, code] = std::from_chars(atom.data(), atom.data() + atom.size(), out);
    return code == std::errc{} && end == atom.data() + atom.size() && !atom.empty();
  }

 private:
  static bool delimiter(char c) {
    switch (c) {
      case ' ':
      case ',':
      case '\t':
      case '\n':
      case '\r':
      case '{':
      case '}':
      case '[':
      case ']':
      case '(':
      case ')':
      case '"':
      case ';': return true;
      default: return false;
    }
  }
  void skip_blanks() {
    while (at_ != end_) {
      const char c = *at_;
      if (c == ' ' || c == ',' || c == '\n' || c == '\t' || c == '\r') {
        ++at_;
      } else if (c == ';') {
        while (at_ != end_ && *at_ != '\n') ++at_;
      } else {
        return;
      }
    }
  }
  const char* at_;
  const char* end_;
};

}  // namespace sunder::check
