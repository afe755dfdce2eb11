// Workload "register": reads, writes and compare-and-sets of a few keys, every written value used once.
//
// 50 % reads, 30 % writes, 20 % cas. A cas expects the value that this client last saw for the key, so that some
// succeed and chains form; before it has seen one it reads instead. A client without cas writes in its place. Few keys
// make clients meet.
// Tested by tests/harness/generator_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload register_workload;

namespace {

constexpr double kRegisterReads = 0.5;
constexpr double kWrites = 0.3;

std::pair<OpRequest, ClientState> next_register(ClientState state, Rng& rng) {
  OpRequest op;
  op.key = key_name(rng.below(state.keys));
  const double dice = rng.uniform();
  const auto seen = state.seen.find(op.key);
  if (dice >= kRegisterReads) {
    if (dice < kRegisterReads + kWrites || !state.cas) {
      op.kind = check::OpKind::write;
    } else if (seen != state.seen.end()) {
      op.kind = check::OpKind::cas;
      op.expected = seen->second;
    }
  }
  if (op.kind != check::OpKind::read) {
    op.value = state.unused_value();
  }
  return {std::move(op), std::move(state)};
}

ClientState after_register(ClientState state, const OpRequest& request, const Outcome& outcome) {
  std::optional<std::int64_t> seen;
  if (outcome.type == EventType::ok) {
    seen = request.kind == check::OpKind::read ? outcome.value : request.value;
  } else if (outcome.has_observed) {
    seen = outcome.observed;
  } else {
    return state;  // nothing learned
  }
  if (seen) {
    state.seen[request.key] = *seen;
  } else {
    state.seen.erase(request.key);
  }
  return state;
}

}  // namespace

const Workload register_workload{
    "register",
    "reads, writes and compare-and-sets of a few keys, every value written once",
    next_register,
    after_register,
    read_keys,
    0,
    {check::OpKind::write}};

}  // namespace sunder::harness
