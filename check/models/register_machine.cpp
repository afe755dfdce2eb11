// RegisterMachine: see register_machine.hpp. Tested by tests/check/models_test.cpp.
#include "check/models/register_machine.hpp"

#include <algorithm>

namespace sunder::check {

RegisterMachine::RegisterMachine(const History& history, bool appends)
    : history_(history), initial_(history.initial), appends_(appends) {
  if (!appends) return;
  values_ = history.values;
  find_letter();
}

void RegisterMachine::find_letter() {
  char letter = '\0';
  const auto fits = [&](ValueId value) {
    const std::string text = history_.values.text(value);
    if (text.size() < 3 || text.front() != '"' || text.find('\\') != text.npos) return false;
    if (letter == '\0') letter = text[1];
    return text[1] == letter && text.find(letter, 2) == text.npos;
  };
  for (const Op& op : history_.ops) {
    if (op.kind == OpKind::cas) return;  // sees a whole text, and may fail
    if (op.kind != OpKind::read && !fits(op.value)) return;
  }
  if (initial_ == kAbsent || fits(initial_)) letter_ = letter;
}

// The pieces of a text; one that does not begin with the letter shows what nobody wrote, and is illegal by itself.
void RegisterMachine::pieces(ValueId value, std::vector<std::uint64_t>& out) {
  if (value == kAbsent || value == kUnknown) return;
  const std::string text = history_.values.text(value);
  for (std::size_t at = text.find(letter_); at != text.npos;) {
    const std::size_t next = text.find(letter_, at + 1);
    const std::size_t end = next == text.npos ? text.size() - 1 : next;
    out.push_back(piece_.try_emplace(text.substr(at, end - at), piece_.size()).first->second);
    at = next;
  }
}

void RegisterMachine::trace(const Op& op, Trace& out) {
  pieces(op.value, op.kind == OpKind::read ? out.seen : out.left);
}

bool RegisterMachine::likely(StateId state) {
  if (letter_ == '\0') return true;
  if (!shown_known_) {
    constexpr std::size_t kMostText = std::size_t{1}
                                      << 24U;  // bytes; longer texts are not worth a guess
    shown_known_ = true;
    std::size_t bytes = 0;
    for (const Op& op : history_.ops) {
      if (op.kind != OpKind::read || op.outcome != EventType::ok || op.value == kUnknown) continue;
      const std::string text = history_.values.text(op.value);
      for (std::size_t at = 1; at != text.npos && at < text.size();
           at = text.find(letter_, at + 1)) {
        bytes += at;
        if (at > 1) shown_.insert(text.substr(0, at) + '"');
      }
      shown_.insert(text);
      if (bytes > kMostText) {
        shown_.clear();
        return true;
      }
    }
  }
  return shown_.empty() || shown_.count(values_.text(state)) > 0;
}

bool RegisterMachine::pure(const Op& op) const {
  return op.kind == OpKind::read || (op.kind == OpKind::cas && op.outcome == EventType::fail);
}

std::string RegisterMachine::text(StateId state) const {
  return appends_ ? values_.text(state) : history_.values.text(state);
}

StateId RegisterMachine::step(StateId state, const Op& op) {
  switch (op.kind) {
    case OpKind::read: return state == op.value || op.value == kUnknown ? state : kIllegal;
    case OpKind::write: return op.value;
    case OpKind::append: return appended(state, op.value);
    case OpKind::cas: break;
    default: return kIllegal;
  }
  if (op.outcome != EventType::fail) return state == op.old ? op.value : kIllegal;
  // A mismatch is an observation; what it saw may be told.
  if (op.observed != kUnknown) return state == op.observed && state != op.old ? state : kIllegal;
  return state != op.old ? state : kIllegal;
}

// A text grows at its end, a list by one item; what is absent counts as empty.
StateId RegisterMachine::appended(StateId state, ValueId more) {
  if (!values_.list(state) && !values_.number(state)) {
    std::string text = state == kAbsent ? "\"\"" : values_.text(state);
    const std::string tail = values_.text(more);
    if (text.size() >= 2 && text.front() == '"' && tail.size() >= 2 && tail.front() == '"') {
      text.pop_back();
      text += tail.substr(1);
      return values_.intern_text(text);
    }
  }
  std::vector<ValueId> items;
  if (const auto list = values_.list(state)) items.assign(list->begin(), list->end());
  if (state != kAbsent && !values_.list(state)) return kIllegal;
  items.push_back(more);
  return values_.intern_list(items);
}

bool only_knows(const History& history, bool (*knows)(OpKind)) {
  return !history.ops.empty() &&
         std::all_of(history.ops.begin(), history.ops.end(),
                     [&](const Op& op) { return knows(op.kind) || op.outcome == EventType::fail; });
}

}  // namespace sunder::check
