// kv: a map of keys to texts or lists: read, write, append. Appending to an absent key makes it.
// Source: Porcupine's model of its kv logs. Tested by tests/check/models_test.cpp.
#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_kv(OpKind kind) {
  return kind == OpKind::read || kind == OpKind::write || kind == OpKind::cas ||
         kind == OpKind::append;
}

}  // namespace

extern const Model kv_model;
const Model kv_model{
    "kv",
    "texts or lists by key: read, write, append, compare-and-set",
    true,
    knows_kv,
    [](const History& history) { return only_knows(history, knows_kv); },
    [](const History& history) -> std::unique_ptr<Machine> {
      return std::make_unique<RegisterMachine>(history, true);
    },
    exact_growing_text,
    "zones of texts that grow (after Gibbons, Korach 1997)",
};

}  // namespace sunder::check
