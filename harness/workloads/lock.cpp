// Workload "lock": clients acquire locks, keep them for a while, and release them.
//
// Who finds a lock taken asks again, after up to 20 ms, for that one or another. Every acquisition has a number
// of its own, by which its release is known. A client that does not know whether it acquired or released a lock goes on
// as if it held nothing; the database ends such a hold by its time to live. Judged by the check `lock`: nobody holds what
// another one surely holds, and fencing tokens grow (Kleppmann, "How to do distributed locking", 2016: without the tokens
// no lock with a time to live excludes a holder that was held up). Tested by tests/harness/generator_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload lock_workload;

namespace {

constexpr Nanos kAskAgain = 20 * kMillisecond;

std::pair<OpRequest, ClientState> next_lock(ClientState state, Rng& rng) {
  OpRequest op;
  if (!state.held.empty()) {
    const auto [key, as] = *state.held.begin();
    op = {.kind = check::OpKind::release, .key = key, .value = as};
    op.after = state.hold;
    return {std::move(op), std::move(state)};
  }
  op.kind = check::OpKind::acquire;
  op.key = key_name(rng.below(state.keys));
  op.value = state.unused_value();
  op.after = static_cast<Nanos>(rng.below(static_cast<std::uint64_t>(kAskAgain)));
  return {std::move(op), std::move(state)};
}

ClientState after_lock(ClientState state, const OpRequest& request, const Outcome& outcome) {
  if (request.kind == check::OpKind::release) {
    state.held.erase(request.key);
  } else if (outcome.type == EventType::ok) {
    state.held[request.key] = request.value;
  }
  return state;
}

// What is held in the end says nothing.
std::vector<OpRequest> lock_final_reads(unsigned /*keys*/, std::uint64_t /*rounds*/) {
  return {};
}

}  // namespace

const Workload lock_workload{"lock",
                             "clients acquire locks, keep them for a while and release them",
                             next_lock,
                             after_lock,
                             lock_final_reads,
                             0,
                             {check::OpKind::acquire, check::OpKind::release}};

}  // namespace sunder::harness
