// register: one value a key, read and written. Source: Herlihy and Wing, TOPLAS 1990, section 1.
// Tested by tests/check/models_test.cpp.
#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_register(OpKind kind) {
  return kind == OpKind::read || kind == OpKind::write;
}

}  // namespace

extern const Model register_model;
const Model register_model{
    "register",
    "one value a key: read, write",
    true,
    knows_register,
    [](const History& history) { return only_knows(history, knows_register); },
    [](const History& history) -> std::unique_ptr<Machine> {
      return std::make_unique<RegisterMachine>(history, false);
    },
};

}  // namespace sunder::check
