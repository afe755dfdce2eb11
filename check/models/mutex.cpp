// mutex: held or free; an acquire happens only when it is free, a release only when it is held. Who holds it is not
// looked at, for a lock service's clients may hand it on. Source: Knossos, model/mutex.
// Tested by tests/check/models_test.cpp.
#include "check/models/register_machine.hpp"

namespace sunder::check {

namespace {

bool knows_mutex(OpKind kind) {
  return kind == OpKind::acquire || kind == OpKind::release;
}

class Mutex final : public Machine {
 public:
  StateId initial() override { return 0; }
  StateId step(StateId held, const Op& op) override {
    if (op.kind == OpKind::acquire) return held == 0 ? 1 : kIllegal;
    if (op.kind == OpKind::release) return held == 1 ? 0 : kIllegal;
    return kIllegal;
  }
  [[nodiscard]] bool pure(const Op&) const override { return false; }
  [[nodiscard]] std::string text(StateId held) const override {
    return held != 0 ? "held" : "free";
  }
};

}  // namespace

extern const Model mutex_model;
const Model mutex_model{
    "mutex",
    "a lock: acquire, release",
    true,
    knows_mutex,
    [](const History& history) { return only_knows(history, knows_mutex); },
    [](const History&) -> std::unique_ptr<Machine> { return std::make_unique<Mutex>(); },
};

}  // namespace sunder::check
