// counter: a sum; increment (or add) changes it by its value, a read returns it. Begins at the history's initial value where
// that is a number, else at 0. Tested by tests/check/models_test.cpp.
#include <algorithm>

#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_counter(OpKind kind) {
  return kind == OpKind::increment || kind == OpKind::add || kind == OpKind::read;
}

class Counter final : public Machine {
 public:
  explicit Counter(const History& history) : history_(history) {}
  StateId initial() override { return sums_.intern(number(history_.initial)); }
  StateId step(StateId state, const Op& op) override {
    if (op.kind == OpKind::read) {
      const bool same = op.value == kUnknown || number(op.value) == *sums_.number(state);
      return same ? state : kIllegal;
    }
    return sums_.intern(*sums_.number(state) + number(op.value));
  }
  [[nodiscard]] bool pure(const Op& op) const override { return op.kind == OpKind::read; }
  [[nodiscard]] std::string text(StateId state) const override { return sums_.text(state); }

 private:
  [[nodiscard]] std::int64_t number(ValueId id) const {
    return history_.values.number(id).value_or(0);
  }
  const History& history_;
  ValueTable sums_;
};

// Sums: what is added and what is read are numbers. A set's reads are lists.
bool fits_counter(const History& history) {
  if (!only_knows(history, knows_counter)) return false;
  return std::all_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    return op.value == kUnknown || op.value == kAbsent || history.values.number(op.value);
  });
}

}  // namespace

extern const Model counter_model;
const Model counter_model{
    "counter",
    "a sum: increment (or add) and read",
    true,
    knows_counter,
    fits_counter,
    [](const History& history) -> std::unique_ptr<Machine> {
      return std::make_unique<Counter>(history);
    },
};

}  // namespace sunder::check
