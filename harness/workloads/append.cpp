// Workload "append": transactions of reads of lists and appends to them, every element appended once.
//
// Kingsbury and Alvaro, "Elle: Inferring isolation anomalies from experimental observations" (VLDB 2020), section 3: a
// list that is read tells the order of all appends before it, so that the check `list-append` infers dependencies between
// transactions and looks for cycles. A transaction has 1 to 4 micro-operations, half of them appends.
// Lists stay short, for each read carries a whole one: `keys` slots, each with one list at a time; a client that has seen
// kFull elements in a slot's list goes on to the slot's next list. Lists are named k1, k2, … in rounds of `keys`.
// Tested by tests/harness/generator_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload append_workload;

namespace {

constexpr std::uint64_t kMostMicros = 4;
constexpr std::size_t kFull = 32;

std::pair<OpRequest, ClientState> next_append(ClientState state, Rng& rng) {
  OpRequest op;
  op.kind = check::OpKind::txn;
  const std::uint64_t micros = 1 + rng.below(kMostMicros);
  for (std::uint64_t i = 0; i < micros; ++i) {
    const std::uint64_t slot = rng.below(state.keys);
    MicroRequest micro;
    micro.key = key_name(state.rounds[slot] * state.keys + slot);
    micro.append = rng.below(2) == 0;
    if (micro.append) micro.value = state.unused_value();
    op.txn.push_back(std::move(micro));
  }
  return {std::move(op), std::move(state)};
}

ClientState after_append(ClientState state, const OpRequest& request, const Outcome& outcome) {
  if (outcome.type != EventType::ok) return state;
  std::size_t read = 0;
  for (const MicroRequest& micro : request.txn) {
    if (micro.append || read >= outcome.lists.size()) continue;
    const auto& list = outcome.lists[read++];
    if (!list || list->size() < kFull) continue;
    for (std::uint64_t slot = 0; slot < state.keys; ++slot) {
      std::uint64_t& round = state.rounds[slot];
      if (key_name(round * state.keys + slot) == micro.key) ++round;
    }
  }
  return state;
}

std::vector<OpRequest> append_final_reads(unsigned keys, std::uint64_t rounds) {
  std::vector<OpRequest> out;
  for (std::uint64_t i = 0; i < (rounds + 1) * keys; ++i) {
    out.push_back({.kind = check::OpKind::txn, .txn = {{.key = key_name(i)}}});
  }
  return out;
}

}  // namespace

const Workload append_workload{
    "append",
    "transactions that read lists and append to them, every element once",
    next_append,
    after_append,
    append_final_reads,
    0,
    {check::OpKind::txn}};

}  // namespace sunder::harness
