// set: add and remove an element, read them all. Tested by tests/check/models_test.cpp.
#include <algorithm>

#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_set(OpKind kind) {
  return kind == OpKind::add || kind == OpKind::remove || kind == OpKind::read;
}

// A state is the sorted list of the elements.
class Set final : public Machine {
 public:
  explicit Set(const History& history) : history_(history) {}
  StateId initial() override {
    const auto list = history_.values.list(history_.initial);
    return id(list ? std::vector<ValueId>(list->begin(), list->end()) : std::vector<ValueId>());
  }
  StateId step(StateId state, const Op& op) override {
    const auto now = states_.items(state);
    std::vector<ValueId> items(now.begin(), now.end());
    if (op.kind == OpKind::read) {
      if (op.value == kUnknown) return state;
      const auto read = history_.values.list(op.value);
      if (!read) return op.value == kAbsent && items.empty() ? state : kIllegal;
      return id({read->begin(), read->end()}) == state ? state : kIllegal;
    }
    const auto at = std::lower_bound(items.begin(), items.end(), op.value);
    const bool there = at != items.end() && *at == op.value;
    if (op.kind == OpKind::add && !there) items.insert(at, op.value);
    if (op.kind == OpKind::remove && there) items.erase(at);
    return states_.id(items);
  }
  // An element stays until it is removed, so an answer without it was given before it came or after that.
  [[nodiscard]] bool traces() const override { return true; }
  void trace_initial(Trace& out) override {
    const auto list = history_.values.list(history_.initial);
    if (list) out.left.assign(list->begin(), list->end());
  }
  void trace(const Op& op, Trace& out) override {
    if (op.kind == OpKind::add) out.left.push_back(op.value);
    if (op.kind != OpKind::read) return;
    if (const auto list = history_.values.list(op.value)) {
      out.seen.assign(list->begin(), list->end());
    }
  }
  [[nodiscard]] bool pure(const Op& op) const override { return op.kind == OpKind::read; }
  [[nodiscard]] std::string text(StateId state) const override {
    return states_.text(state, history_.values);
  }

 private:
  StateId id(std::vector<ValueId> items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return states_.id(items);
  }
  const History& history_;
  ListStates states_;
};

}  // namespace

extern const Model set_model;
const Model set_model{
    "set",
    "elements: add, remove, read them all",
    true,
    knows_set,
    [](const History& history) { return only_knows(history, knows_set); },
    [](const History& history) -> std::unique_ptr<Machine> {
      return std::make_unique<Set>(history);
    },
    exact_growing_set,
    "phases of a set that grows",
};

}  // namespace sunder::check
