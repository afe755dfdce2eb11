// Workload "bank": transfers between accounts, and reads of all of them, whose total never changes.
//
// Before the run every account gets 100. Half of the operations read all accounts in one transaction, half move 1 to 5
// from one to another; a client refuses a transfer that would overdraw (`fail`, mismatch). Under snapshot isolation and
// above every read shows the same total, and the check `bank` judges it (Jepsen's workload of that name,
// jepsen/tests/bank.clj). Tested by tests/harness/generator_test.cpp.
#include "harness/generator.hpp"

namespace sunder::harness {

extern const Workload bank_workload;

namespace {

constexpr std::int64_t kBalance = 100;
constexpr std::uint64_t kMostBank = 5;

// Money needs two ends.
unsigned accounts(unsigned keys) {
  return keys < 2 ? 2 : keys;
}

OpRequest read_all(unsigned keys) {
  return {.accounts = key_names(accounts(keys))};
}

std::pair<OpRequest, ClientState> next_bank(ClientState state, Rng& rng) {
  OpRequest op = read_all(state.keys);
  if (rng.below(2) == 0) {
    const unsigned count = accounts(state.keys);
    const std::uint64_t from = rng.below(count);
    const std::uint64_t to = (from + 1 + rng.below(count - 1)) % count;
    op = {.kind = check::OpKind::transfer};
    op.from = key_name(from);
    op.to = key_name(to);
    op.value = static_cast<std::int64_t>(1 + rng.below(kMostBank));
  }
  return {std::move(op), std::move(state)};
}

ClientState after_bank(ClientState state, const OpRequest& /*request*/,
                       const Outcome& /*outcome*/) {
  return state;
}

std::vector<OpRequest> bank_final_reads(unsigned keys, std::uint64_t /*rounds*/) {
  return {read_all(keys)};
}

std::vector<OpRequest> set_up(unsigned keys) {
  std::vector<OpRequest> out;
  for (std::string& account : key_names(accounts(keys))) {
    out.push_back({.kind = check::OpKind::write, .key = std::move(account), .value = kBalance});
  }
  return out;
}

std::string initial(unsigned keys) {
  std::string out;
  for (const std::string& account : key_names(accounts(keys))) {
    out += (out.empty() ? "{\"" : ",\"") + account + "\":" + std::to_string(kBalance);
  }
  return out + '}';
}

}  // namespace

const Workload bank_workload{"bank",
                             "transfers between accounts and reads of all; the total never changes",
                             next_bank,
                             after_bank,
                             bank_final_reads,
                             0,
                             {check::OpKind::write, check::OpKind::transfer},
                             set_up,
                             initial};

}  // namespace sunder::harness
