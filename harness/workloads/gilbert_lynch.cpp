// Workload "gilbert-lynch": the proof of the theorem, played again and again: write at one node, read at another.
//
// Clients of even number only write, those of odd number only read; with two clients on two nodes that is the proof of
// Gilbert and Lynch ("Brewer's conjecture", SIGACT News 2002, theorem 1). harness/gilbert_lynch.cpp says after the run
// which of its steps the system gave up. Every written value is used once, and grows.
// Tested by tests/harness/gilbert_lynch_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload gilbert_lynch_workload;

namespace {

std::pair<OpRequest, ClientState> next_gilbert_lynch(ClientState state, Rng& rng) {
  OpRequest op;
  op.key = key_name(rng.below(state.keys));
  if (state.client % 2 == 0) {
    op.kind = check::OpKind::write;
    op.value = state.unused_value();
  }
  return {std::move(op), std::move(state)};
}

ClientState after_gilbert_lynch(ClientState state, const OpRequest& /*request*/,
                                const Outcome& /*outcome*/) {
  return state;
}

}  // namespace

const Workload gilbert_lynch_workload{
    "gilbert-lynch",
    "one node's clients write, the next one's read: the proof of the theorem",
    next_gilbert_lynch,
    after_gilbert_lynch,
    read_keys,
    0,
    {check::OpKind::write}};

}  // namespace sunder::harness
