// FormReader: see forms.hpp. Tested by tests/check/formats_test.cpp.
#include "check/readers/forms.hpp"

namespace sunder::check {

namespace {

// Goes through text by bytes; what it knows survives from one line to the next.
class Balance {
 public:
  explicit Balance(Syntax syntax) : syntax_(syntax) {}

  // RETURNS how many bytes belong to the map, its last brace included; npos: it goes on after this text.
  std::size_t scan(std::string_view text) {
    comment_ = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (step(text[i])) return i + 1;
    }
    escaped_ = false;
    return std::string_view::npos;
  }

 private:
  // RETURNS true when the map is closed by this byte.
  bool step(char c) {
    if (comment_) return false;
    if (escaped_) {
      escaped_ = false;
      return false;
    }
    if (c == '\\') {  // in a text, or an EDN character such as \{
      escaped_ = in_text_ || syntax_ == Syntax::edn;
      return false;
    }
    if (c == '"') {
      in_text_ = !in_text_;
      return false;
    }
    if (in_text_) return false;
    if (c == ';' && syntax_ == Syntax::edn) comment_ = true;
    if (c == '{' || c == '[' || c == '(') ++depth_;
    if (c == '}' || c == ']' || c == ')') --depth_;
    return depth_ <= 0;
  }

  Syntax syntax_;
  int depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
  bool comment_ = false;
};

// Leaves out what may stand between maps. RETURNS false where something else begins.
bool skip_between(std::string_view& text, Syntax syntax) {
  while (!text.empty()) {
    const char c = text.front();
    if (c == '{') return true;
    if (c == ';' && syntax == Syntax::edn) {
      text = {};
      return true;
    }
    if (c == '#' && syntax == Syntax::edn) {  // #jepsen.history.Op{…}
      const auto open = text.find_first_of("{ ;\"");
      if (open == text.npos || text[open] != '{') return false;
      text.remove_prefix(open);
      return true;
    }
    const bool between = c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '[' || c == ']' ||
                         c == '(' || c == ')';
    if (!between) return false;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

Result<std::optional<std::string_view>> FormReader::peek() {
  while (true) {
    if (!skip_between(rest_, syntax_)) {
      return Error{
          ErrorCode::invalid,
          "expected an event as a map, {…}, not \"" + std::string(rest_.substr(0, 20)) + "\"",
          lines_.where()};
    }
    if (!rest_.empty()) return std::optional(rest_);
    const auto line = lines_.next();
    if (!line) return std::optional<std::string_view>();
    rest_ = *line;
  }
}

Result<std::optional<std::string_view>> FormReader::next() {
  const auto begins = peek();
  if (!begins || !*begins) return begins;
  Balance balance(syntax_);
  std::size_t size = balance.scan(rest_);
  if (size != std::string_view::npos) {
    const auto form = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return std::optional(form);
  }
  joined_.assign(rest_);
  while (const auto line = lines_.next()) {
    joined_ += '\n';
    size = balance.scan(*line);
    joined_ += line->substr(0, size);
    if (size == std::string_view::npos) continue;
    rest_ = line->substr(size);
    const std::size_t length = joined_.size();
    joined_.append(LineReader::kPadding, ' ');  // the parser may look a little further
    return std::optional(std::string_view(joined_).substr(0, length));
  }
  torn_ = true;
  rest_ = {};
  return std::optional<std::string_view>();
}

}  // namespace sunder::check
