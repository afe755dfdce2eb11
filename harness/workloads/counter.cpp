// Workload "counter": every client counts up by 1 to 9; the counters are read in the end, at every node.
//
// Nothing is read before the heal, so that a system may tell its nodes later and still pass: the check `counter` says
// whether a final read lies outside of what was acknowledged and what may have been counted. Different amounts keep a lost
// increment and a doubled one from making up for each other. Tested by tests/harness/generator_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload counter_workload;

namespace {

constexpr std::uint64_t kMostCounter = 9;

std::pair<OpRequest, ClientState> next_counter(ClientState state, Rng& rng) {
  OpRequest op;
  op.kind = check::OpKind::increment;
  op.key = key_name(rng.below(state.keys));
  op.value = static_cast<std::int64_t>(1 + rng.below(kMostCounter));
  return {std::move(op), std::move(state)};
}

ClientState after_counter(ClientState state, const OpRequest& /*request*/,
                          const Outcome& /*outcome*/) {
  return state;
}

}  // namespace

const Workload counter_workload{"counter",
                                "counts a few counters up; final reads judge",
                                next_counter,
                                after_counter,
                                read_keys,
                                2 * kSecond,
                                {check::OpKind::increment}};

}  // namespace sunder::harness
