// fifo-queue: enqueue at the end, dequeue from the front; null says that it was empty; drain takes all at once.
// Source: Herlihy and Wing, TOPLAS 1990, section 1.1. Tested by tests/check/models_test.cpp.
#include <algorithm>

#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_fifo_queue(OpKind kind) {
  return kind == OpKind::enqueue || kind == OpKind::dequeue || kind == OpKind::drain;
}

class FifoQueue final : public Machine {
 public:
  explicit FifoQueue(const History& history) : history_(history) {
    for (const Op& op : history.ops) {
      const bool takes = op.kind == OpKind::dequeue || op.kind == OpKind::drain;
      if (takes && op.outcome == EventType::ok && op.value == kUnknown) traces_ = false;
    }
  }
  StateId initial() override { return states_.id({}); }
  StateId step(StateId state, const Op& op) override {
    const auto now = states_.items(state);
    std::vector<ValueId> items(now.begin(), now.end());
    if (op.kind == OpKind::enqueue) {
      items.push_back(op.value);
      return states_.id(items);
    }
    if (op.kind == OpKind::dequeue) {
      if (op.value == kAbsent) return items.empty() ? state : kIllegal;
      // A dequeue without an answer took whatever was first, if anything.
      if (op.value == kUnknown && items.empty()) return state;
      if (items.empty() || (op.value != kUnknown && items.front() != op.value)) return kIllegal;
      items.erase(items.begin());
      return states_.id(items);
    }
    if (op.value != kUnknown) {
      const auto taken = history_.values.list(op.value);
      const bool nothing = op.value == kAbsent && items.empty();
      if (!nothing &&
          (!taken || !std::equal(taken->begin(), taken->end(), items.begin(), items.end()))) {
        return kIllegal;
      }
    }
    return states_.id({});
  }
  // A value that no answer shows was taken by nobody, or by an operation without an answer, which goes with it. (One with
  // an answer that is not known can't go.)
  [[nodiscard]] bool traces() const override { return traces_; }
  void trace(const Op& op, Trace& out) override {
    if (op.kind == OpKind::enqueue) {
      out.left.push_back(op.value);
    } else if (op.kind == OpKind::dequeue) {
      out.seen.push_back(op.value);
    } else if (const auto list = history_.values.list(op.value)) {
      out.seen.assign(list->begin(), list->end());
    }
  }
  [[nodiscard]] bool pure(const Op& op) const override {
    return op.kind == OpKind::dequeue && op.value == kAbsent;
  }
  [[nodiscard]] std::string text(StateId state) const override {
    return states_.text(state, history_.values);
  }

 private:
  const History& history_;
  ListStates states_;
  bool traces_ = true;  // every value taken out is known
};

}  // namespace

extern const Model fifo_queue_model;
const Model fifo_queue_model{
    "fifo-queue",
    "first in, first out: enqueue, dequeue, drain",
    true,
    knows_fifo_queue,
    [](const History& history) { return only_knows(history, knows_fifo_queue); },
    [](const History& history) -> std::unique_ptr<Machine> {
      return std::make_unique<FifoQueue>(history);
    },
    exact_fifo_queue,
    "queue patterns (Henzinger, Sezgin, Vafeiadis 2013)",
};

}  // namespace sunder::check
