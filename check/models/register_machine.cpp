// RegisterMachine: see register_machine.hpp. Tested by tests/check/models_test.cpp.
#include "check/models/register_machine.hpp"

#include <algorithm>
#include <utility>

namespace sunder::check {

RegisterMachine::RegisterMachine(const History& history, bool appends)
    : history_(history), initial_(history.initial), appends_(appends) {
  if (!appends) return;
  values_ = history.values;
  pieces_ = TextPieces(history);
}

void RegisterMachine::trace(const Op& op, Trace& out) {
  (op.kind == OpKind::read ? out.seen : out.left) = pieces_.of(op.value);
}

void RegisterMachine::find_shown() {
  constexpr std::size_t kMostText = std::size_t{1}
                                    << 24U;  // bytes; longer texts are not worth a guess
  std::size_t bytes = 0;
  for (const Op& op : history_.ops) {
    if (op.kind != OpKind::read || op.outcome != EventType::ok || op.value == kUnknown) continue;
    const std::string text = history_.values.text(op.value);
    for (const std::size_t end : pieces_.ends(text)) {
      shown_.insert(text.substr(0, end) + '"');
      bytes += end;
    }
    if (bytes < kMostText) continue;
    shown_.clear();
    return;
  }
}

bool RegisterMachine::likely(StateId state) {
  if (!pieces_.known()) return true;
  if (!std::exchange(shown_known_, true)) find_shown();
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
