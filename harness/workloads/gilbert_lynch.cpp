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

std::string key_name(std::uint64_t index) {
  return "k" + std::to_string(index + 1);
}

std::pair<OpRequest, ClientState> next(ClientState state, Rng& rng) {
  OpRequest op;
  op.key = key_name(rng.below(state.keys));
  if (state.client % 2 == 0) {
    op.kind = check::OpKind::write;
    op.value = static_cast<std::int64_t>(state.written * state.clients + state.client + 1);
    ++state.written;
  }
  return {std::move(op), std::move(state)};
}

ClientState after(ClientState state, const OpRequest& /*request*/, const Outcome& /*outcome*/) {
  return state;
}

std::vector<std::string> keys(unsigned count) {
  std::vector<std::string> out;
  for (unsigned i = 0; i < count; ++i) out.push_back(key_name(i));
  return out;
}

}  // namespace

const Workload gilbert_lynch_workload{
    "gilbert-lynch", "one node's clients write, the next one's read: the proof of the theorem",
    next, after, keys};

}  // namespace sunder::harness
