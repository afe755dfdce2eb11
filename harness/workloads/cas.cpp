// Workload "cas": reads and compare-and-sets of a few keys, and no plain writes: chains, in which a lost one shows.
//
// 40 % reads, 60 % cas. A cas expects the value that this client last saw for the key, or that it is absent before it
// saw one; a mismatch tells it the next one to expect, where the database says what it found.
// Tested by tests/harness/generator_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload cas_workload;
extern const Workload register_workload;

namespace {

constexpr double kCasReads = 0.4;

std::pair<OpRequest, ClientState> next_cas(ClientState state, Rng& rng) {
  OpRequest op;
  op.key = key_name(rng.below(state.keys));
  if (rng.uniform() >= kCasReads) {
    op.kind = check::OpKind::cas;
    const auto seen = state.seen.find(op.key);
    if (seen != state.seen.end()) op.expected = seen->second;
    op.value = state.unused_value();
  }
  return {std::move(op), std::move(state)};
}

// As with registers.
ClientState after_cas(ClientState state, const OpRequest& request, const Outcome& outcome) {
  return register_workload.after(std::move(state), request, outcome);
}

}  // namespace

const Workload cas_workload{"cas",
                            "reads and compare-and-sets of a few keys, every value put once",
                            next_cas,
                            after_cas,
                            read_keys,
                            0,
                            {check::OpKind::cas}};

}  // namespace sunder::harness
