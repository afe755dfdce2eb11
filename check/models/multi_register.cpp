// multi-register: several registers that a transaction reads and writes at one instant. Linearizable here is what databases
// call strict serializable. Source: Herlihy and Wing, TOPLAS 1990, section 3.3; Papadimitriou, JACM 1979.
// Tested by tests/check/models_test.cpp.
#include <algorithm>

#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_multi_register(OpKind kind) {
  return kind == OpKind::txn;
}

// A state is the list of the values by key, as long as the history has keys.
class MultiRegister final : public Machine {
 public:
  explicit MultiRegister(const History& history) : history_(history) {}
  StateId initial() override {
    return states_.id(std::vector<ValueId>(history_.keys.size(), history_.initial));
  }
  StateId step(StateId state, const Op& op) override {
    const auto now = states_.items(state);
    std::vector<ValueId> values(now.begin(), now.end());
    for (const Micro& micro : history_.txn(op.txn)) {
      ValueId& value = values[micro.key];
      if (micro.f == Micro::F::write) {
        value = micro.value;
      } else if (micro.value != kUnknown && micro.value != value) {
        return kIllegal;
      }
    }
    return states_.id(values);
  }
  // What a transaction wrote is read until something else is written there.
  [[nodiscard]] bool traces() const override { return true; }
  void trace_initial(Trace& out) override {
    for (std::uint64_t key = 0; key < history_.keys.size(); ++key) {
      out.left.push_back(key << 32U | history_.initial);
    }
  }
  void trace(const Op& op, Trace& out) override {
    for (const Micro& micro : history_.txn(op.txn)) {
      const std::uint64_t token = std::uint64_t{micro.key} << 32U | micro.value;
      if (micro.f == Micro::F::write) {
        out.left.push_back(token);
      } else if (micro.value != kUnknown) {
        out.seen.push_back(token);
      }
    }
  }
  [[nodiscard]] bool pure(const Op& op) const override {
    const auto micros = history_.txn(op.txn);
    return std::all_of(micros.begin(), micros.end(),
                       [](const Micro& micro) { return micro.f == Micro::F::read; });
  }
  [[nodiscard]] std::string text(StateId state) const override {
    return states_.text(state, history_.values);
  }

 private:
  const History& history_;
  ListStates states_;
};

// Small ones only: transactions over many keys have checks of their own.
bool fits_multi_register(const History& history) {
  constexpr std::size_t kFewKeys = 16;
  if (!only_knows(history, knows_multi_register) || history.keys.size() > kFewKeys ||
      !history.real_time) {
    return false;
  }
  return std::none_of(history.micros.begin(), history.micros.end(), [&](const Micro& micro) {
    return micro.f == Micro::F::append || history.values.list(micro.value);
  });
}

}  // namespace

extern const Model multi_register_model;
const Model multi_register_model{
    "multi-register",
    "registers that a transaction reads and writes at one instant",
    false,
    knows_multi_register,
    fits_multi_register,
    [](const History& history) -> std::unique_ptr<Machine> {
      return std::make_unique<MultiRegister>(history);
    },
};

}  // namespace sunder::check
