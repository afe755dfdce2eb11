// cas-register: one value a key, read, written, and set where it is what was expected. A cas that failed with a mismatch is
// an observation; any other failure says nothing. Tested by tests/check/models_test.cpp.
#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_cas_register(OpKind kind) {
  return kind == OpKind::read || kind == OpKind::write || kind == OpKind::cas;
}

}  // namespace

extern const Model cas_register_model;
const Model cas_register_model{
    "cas-register",
    "one value a key: read, write, compare-and-set",
    true,
    knows_cas_register,
    [](const History& history) { return only_knows(history, knows_cas_register); },
    [](const History& history) -> std::unique_ptr<Machine> {
      return std::make_unique<RegisterMachine>(history, false);
    },
};

}  // namespace sunder::check
