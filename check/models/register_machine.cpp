// RegisterMachine: see register_machine.hpp. Tested by tests/check/models_test.cpp.
#include "check/models/register_machine.hpp"

#include <algorithm>

namespace sunder::check {

RegisterMachine::RegisterMachine(const History& history, bool appends)
    : history_(history), initial_(history.initial), appends_(appends) {
  if (appends) values_ = history.values;
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
