// long-fork: readers of keys that are written once agree on the order of the writes.
//
// History → transactions that only read → edges write→read (seen) and read→write (still absent) → **order, or a cycle** →
// Finding → CheckResult.
// With one write a key, what a transaction saw and what it missed says before and after which writes its snapshot lies.
// Where snapshots lie on one line, as under snapshot isolation, serializability and above, there is an order of all writes
// and reads that respects these edges; a cycle of two reads is the long fork that parallel snapshot isolation allows
// (Sovran, Power, Aguilera and Li, SOSP 2011, section 3; Jepsen's workload of that name). Edges are necessary, and any
// order that respects them puts each read where it says, so no cycle means that all agree. A write need not stand in the
// history: the value shows it. COST: O(n). Thread: pure. Tested by tests/check/long_fork_test.cpp.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "check/deadline.hpp"
#include "check/order/graph.hpp"
#include "check/types/finding.hpp"

namespace sunder::check {

namespace {

using types::Ops;

bool is_snapshot(const History& history, const Op& op) {
  if (op.txn == kNone || op.outcome != EventType::ok) return false;
  const auto micros = history.txn(op.txn);
  return micros.size() > 1 && std::all_of(micros.begin(), micros.end(), [](const Micro& micro) {
           return micro.f == Micro::F::read;
         });
}

bool seen(const Micro& micro) {
  return micro.value != kAbsent && micro.value != kUnknown;
}
bool missed(const Micro& micro) {
  return micro.value == kAbsent;
}

class Snapshots {
 public:
  explicit Snapshots(const History& history) : history_(history) {}

  types::Report judge(const Deadline& deadline) {
    types::Report report;
    report.name = "long-fork";
    report.method = "one order of writes";
    report.vacuous = "No two transactions read the same two keys: they could not disagree.";
    for (std::uint32_t o = 0; o < history_.ops.size(); ++o) {
      if (o % 4096 == 0 && (report.stopped = deadline.exceeded()) != nullptr) return report;
      if (is_snapshot(history_, history_.ops[o])) add(o, report);
    }
    const auto nodes = static_cast<std::uint32_t>(history_.keys.size() + reads_.size());
    const order::Graph graph(nodes, edges_);
    if (graph.order().size() < nodes) tell(graph.cycle(), report);
    return report;
  }

  // The definition: the last write of all is one that every read which shows it shows with all other writes. Taken away,
  // the same holds of the rest. Where no write can be the last, there is no order.
  [[nodiscard]] bool illegal(const Ops& ops) const {
    std::unordered_set<std::uint32_t> left;
    for (const std::uint32_t o : ops) {
      for (const Micro& micro : history_.txn(history_.ops[o].txn)) left.insert(micro.key);
    }
    const auto can_be_last = [&](std::uint32_t key) {
      return std::all_of(ops.begin(), ops.end(), [&](std::uint32_t o) {
        const auto micros = history_.txn(history_.ops[o].txn);
        const auto shows = [&](const Micro& m) { return m.key == key && seen(m); };
        const auto lacks = [&](const Micro& m) { return left.contains(m.key) && missed(m); };
        return std::none_of(micros.begin(), micros.end(), shows) ||
               std::none_of(micros.begin(), micros.end(), lacks);
      });
    };
    while (!left.empty()) {
      const auto last = std::find_if(left.begin(), left.end(), can_be_last);
      if (last == left.end()) return true;
      left.erase(last);
    }
    return false;
  }

 private:
  void add(std::uint32_t o, types::Report& report) {
    const auto node = static_cast<std::uint32_t>(history_.keys.size() + reads_.size());
    const auto micros = history_.txn(history_.ops[o].txn);
    for (const Micro& micro : micros) {
      if (seen(micro)) edges_.push_back({micro.key, node, o});
      if (missed(micro)) edges_.push_back({node, micro.key, o});
    }
    reads_.push_back(o);
    // Another transaction with two of these keys in common: they could have disagreed.
    const auto [low, high] = std::minmax_element(
        micros.begin(), micros.end(), [](const Micro& a, const Micro& b) { return a.key < b.key; });
    const std::uint64_t both = std::uint64_t{low->key} << 32U | high->key;
    const auto [other, fresh] = by_keys_.try_emplace(both, o);
    if (!fresh && low->key != high->key) report.chances.push_back({o, other->second});
  }

  void tell(const std::vector<order::Edge>& cycle, types::Report& report) const {
    types::Finding finding;
    for (const order::Edge& edge : cycle) finding.ops.push_back(edge.why);
    std::sort(finding.ops.begin(), finding.ops.end());
    finding.ops.erase(std::unique(finding.ops.begin(), finding.ops.end()), finding.ops.end());
    std::string names;
    for (const order::Edge& edge : cycle) {
      if (edge.to >= history_.keys.size()) continue;
      names += (names.empty() ? "" : ", ") + history_.keys[edge.to];
    }
    finding.at = history_.ops[finding.ops.front()].invoked;
    finding.text =
        types::answered(history_, history_.ops[finding.ops.front()]) + " and " +
        (finding.ops.size() == 2 ? types::answered(history_, history_.ops[finding.ops[1]])
                                 : std::to_string(finding.ops.size() - 1) + " others") +
        " answered with snapshots that no order of the writes of " + names + " allows";
    report.findings.push_back(std::move(finding));
  }

  const History& history_;
  Ops reads_;                                                 // node number minus the keys
  std::vector<order::Edge> edges_;                            // keys are the nodes of their writes
  std::unordered_map<std::uint64_t, std::uint32_t> by_keys_;  // least and greatest key: a read
};

CheckResult run_long_fork(const CheckInput& input) {
  Snapshots snapshots(input.history);
  return types::conclude(input, snapshots.judge(Deadline(input.budget)),
                         [&](const Ops& ops) { return snapshots.illegal(ops); });
}

// Transactions over keys of which no value but one is ever written or read.
bool long_fork_applies(const History& history) {
  bool any = false;
  std::unordered_map<std::uint32_t, ValueId> value_of;
  for (const Op& op : history.ops) {
    if (op.txn == kNone) continue;
    any = any || is_snapshot(history, op);
    for (const Micro& micro : history.txn(op.txn)) {
      if (micro.f == Micro::F::append) return false;
      if (!seen(micro)) continue;
      const auto [known, fresh] = value_of.try_emplace(micro.key, micro.value);
      if (!fresh && known->second != micro.value) return false;
    }
  }
  return any;
}

}  // namespace

extern const CheckKind long_fork_check;
const CheckKind long_fork_check{
    "long-fork",   "readers of keys that are written once agree on the order of the writes",
    false,         long_fork_applies,
    run_long_fork,
};

}  // namespace sunder::check
