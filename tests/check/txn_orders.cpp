// See txn_orders.hpp.
#include "tests/check/txn_orders.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace sunder::check::test {

namespace {

using Order = std::vector<std::uint32_t>;  // into History::ops

Order happened(const History& history) {
  Order all;
  for (std::uint32_t i = 0; i < history.ops.size(); ++i) {
    if (history.ops[i].outcome == EventType::ok) all.push_back(i);
  }
  return all;
}

std::vector<ValueId> list_of(const History& history, ValueId value) {
  const auto items = history.values.list(value);
  return items ? std::vector<ValueId>(items->begin(), items->end()) : std::vector<ValueId>();
}

bool replays(const History& history, const Order& order) {
  std::map<std::uint32_t, std::vector<ValueId>> state;
  for (const std::uint32_t o : order) {
    for (const Micro& micro : history.txn(history.ops[o].txn)) {
      auto& list = state[micro.key];
      if (micro.f == Micro::F::append) list.push_back(micro.value);
      if (micro.f == Micro::F::read && list_of(history, micro.value) != list) return false;
    }
  }
  return true;
}

bool in_order(const History& history, const Order& order, bool sessions, bool real_time) {
  for (std::size_t a = 0; a < order.size(); ++a) {
    for (std::size_t b = a + 1; b < order.size(); ++b) {
      const Op& one = history.ops[order[a]];
      const Op& two = history.ops[order[b]];
      if (sessions && one.process == two.process && order[a] > order[b]) return false;
      if (real_time && two.completed < one.invoked) return false;
    }
  }
  return true;
}

// One transaction as the levels see it: what it read from others, in its order, and what it left behind.
struct Txn {
  struct Read {
    std::uint32_t key;
    std::size_t from;  // 0: the initial values
  };
  std::int32_t process = 0;
  std::vector<Read> reads;
  std::map<std::uint32_t, ValueId> writes;  // by key: the last one
};

// Transactions from 1 on, in the order of the file. Nothing where a read is wrong at every level.
std::optional<std::vector<Txn>> txns_of(const History& history) {
  std::vector<Txn> all(1);
  std::map<std::pair<std::uint32_t, ValueId>, std::size_t> writer;
  const Order ops = happened(history);
  for (const std::uint32_t o : ops) {
    Txn txn;
    txn.process = history.ops[o].process;
    for (const Micro& micro : history.txn(history.ops[o].txn)) {
      if (micro.f == Micro::F::write) txn.writes[micro.key] = micro.value;
    }
    for (const auto& write : txn.writes) writer[write] = all.size();
    all.push_back(std::move(txn));
  }
  for (std::size_t t = 1; t < all.size(); ++t) {
    std::map<std::uint32_t, ValueId> own;
    for (const Micro& micro : history.txn(history.ops[ops[t - 1]].txn)) {
      if (micro.f == Micro::F::write) {
        own[micro.key] = micro.value;
        continue;
      }
      const auto mine = own.find(micro.key);
      if (mine != own.end()) {
        if (mine->second != micro.value) return std::nullopt;
        continue;
      }
      const auto from = writer.find({micro.key, micro.value});
      if (micro.value == kAbsent) {
        all[t].reads.push_back({micro.key, 0});
      } else if (from == writer.end() || from->second == t) {
        return std::nullopt;
      } else {
        all[t].reads.push_back({micro.key, from->second});
      }
    }
  }
  return all;
}

using Matrix = std::vector<std::vector<bool>>;

// Session order and reads-from; closed: in any number of steps.
Matrix visible(const std::vector<Txn>& all, bool closed) {
  const std::size_t n = all.size();
  Matrix before(n, std::vector<bool>(n, false));
  for (std::size_t b = 1; b < n; ++b) {
    before[0][b] = true;
    for (std::size_t a = 1; a < b; ++a) before[a][b] = all[a].process == all[b].process;
  }
  for (std::size_t t = 1; t < n; ++t) {
    for (const auto& read : all[t].reads) before[read.from][t] = true;
  }
  for (std::size_t k = 0; closed && k < n; ++k) {
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        before[a][b] = before[a][b] || (before[a][k] && before[k][b]);
      }
    }
  }
  return before;
}

// The axiom: whoever wrote a key that t3 reads from t1, and is in t3's sight, comes before t1.
bool allowed(const std::vector<Txn>& all, const Matrix& sight, TxnLevel level,
             const std::vector<std::size_t>& rank) {
  for (std::size_t t3 = 1; t3 < all.size(); ++t3) {
    const auto& reads = all[t3].reads;
    for (std::size_t r = 0; r < reads.size(); ++r) {
      for (std::size_t t2 = 0; t2 < all.size(); ++t2) {
        if (t2 == reads[r].from || t2 == t3) continue;
        if (t2 != 0 && !all[t2].writes.contains(reads[r].key)) continue;
        bool seen = sight[t2][t3];
        if (level == TxnLevel::read_committed) {
          seen = std::any_of(reads.begin(), reads.begin() + static_cast<std::ptrdiff_t>(r),
                             [&](const Txn::Read& earlier) { return earlier.from == t2; });
        }
        if (seen && rank[t2] > rank[reads[r].from]) return false;
      }
    }
  }
  return true;
}

}  // namespace

bool some_serial_order(const History& history, bool sessions, bool real_time) {
  Order order = happened(history);
  do {
    if (in_order(history, order, sessions, real_time) && replays(history, order)) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

bool some_commit_order(const History& history, TxnLevel level) {
  const auto all = txns_of(history);
  if (!all) return false;
  const Matrix base = visible(*all, false);
  const Matrix sight = visible(*all, level == TxnLevel::causal);
  std::vector<std::size_t> order;  // the initial values come first
  for (std::size_t t = 1; t < all->size(); ++t) order.push_back(t);
  std::vector<std::size_t> rank(all->size(), 0);
  do {
    for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = i + 1;
    bool extends = true;
    for (std::size_t a = 0; a < rank.size(); ++a) {
      for (std::size_t b = 0; b < rank.size(); ++b) {
        extends = extends && !(base[a][b] && rank[a] >= rank[b]);
      }
    }
    if (extends && allowed(*all, sight, level, rank)) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

}  // namespace sunder::check::test
