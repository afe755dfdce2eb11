// Workload "set": every client adds elements of its own, each once; what was added is read in the end, at every node.
//
// Nothing is read before the heal, so that a system may tell its nodes later and still pass (Jepsen's workload of that
// name, jepsen/checker.clj "set"): the check `set` says whether an acknowledged element is missing at some node in the end,
// or one is there that nobody added. Tested by tests/harness/generator_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload set_workload;

namespace {

std::pair<OpRequest, ClientState> next_set(ClientState state, Rng& rng) {
  OpRequest op;
  op.kind = check::OpKind::add;
  op.key = key_name(rng.below(state.keys));
  op.value = state.unused_value();
  return {std::move(op), std::move(state)};
}

ClientState after_set(ClientState state, const OpRequest& /*request*/, const Outcome& /*outcome*/) {
  return state;
}

}  // namespace

const Workload set_workload{"set",
                            "adds to a few sets, every element once; final reads judge",
                            next_set,
                            after_set,
                            read_keys,
                            2 * kSecond,
                            {check::OpKind::add}};

}  // namespace sunder::harness
