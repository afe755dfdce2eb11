// See text_pieces.hpp.
#include "check/models/text_pieces.hpp"

namespace sunder::check {

TextPieces::TextPieces(const History& history) : history_(&history) {
  char letter = '\0';
  const auto fits = [&](ValueId value) {
    const std::string text = history.values.text(value);
    if (text.size() < 3 || text.front() != '"' || text.find('\\') != text.npos) return false;
    if (letter == '\0') letter = text[1];
    return text[1] == letter && text.find(letter, 2) == text.npos;
  };
  for (const Op& op : history.ops) {
    if (op.kind == OpKind::cas) return;  // sees a whole text, and may fail
    if (op.kind != OpKind::read && !fits(op.value)) return;
  }
  const bool empty = history.initial == kAbsent || history.values.text(history.initial) == "\"\"";
  if (empty || fits(history.initial)) letter_ = letter;
}

std::vector<std::size_t> TextPieces::ends(const std::string& text) const {
  std::vector<std::size_t> out;
  for (std::size_t at = text.find(letter_); at != text.npos;) {
    at = text.find(letter_, at + 1);
    out.push_back(at == text.npos ? text.size() - 1 : at);
  }
  return out;
}

bool TextPieces::whole(ValueId value) const {
  const std::size_t first = history_->values.text(value).find(letter_);
  return first == std::string::npos || first == 1;
}

std::vector<std::uint64_t> TextPieces::of(ValueId value) {
  std::vector<std::uint64_t> out;
  if (value == kAbsent || value == kUnknown) return out;
  const std::string text = history_->values.text(value);
  std::size_t from = text.find(letter_);
  for (const std::size_t end : ends(text)) {
    out.push_back(
        numbers_.try_emplace(text.substr(from, end - from), numbers_.size()).first->second);
    from = end;
  }
  return out;
}

}  // namespace sunder::check
