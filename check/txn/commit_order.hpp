// Commit order: read-committed, read-atomic and causal consistency of transactions with unique values, in polynomial
// time.
//
// History → **CommitOrder** (sessions, who reads from whom, forced order) → cycle → CheckResult.
// After Biswas and Enea (OOPSLA 2019) and Møldrup and Pavlogiannis (AWDIT, PLDI 2025): some order of all
// transactions extends session order (so) and reads-from (wr); if t3 reads x from t1, and t2 also writes x, then t2
// comes before t1 where
//   read-committed  t3 read something from t2 before it read x
//   read-atomic     t2 is before t3 by so, or t3 reads from t2
//   causal          t2 is before t3 by so and wr in any number of steps
// The initial values are a transaction before all. A history is refuted iff these edges have a cycle.
// COST: read-committed O(n · reads²), read-atomic O(n · reads²), causal O(n · sessions · log n).
// Thread: one. Tested by tests/check/txn_test.cpp.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "check/deadline.hpp"
#include "check/order/graph.hpp"
#include "check/types/finding.hpp"

namespace sunder::check::txn {

enum class Level : std::uint8_t { read_committed, read_atomic, causal };

/// A read of a key's value written by another transaction.
struct Read {
  std::uint32_t key = 0;
  std::uint32_t from = 0;  ///< node
};

class CommitOrder {
 public:
  explicit CommitOrder(const History& history) : history_(history) {}

  const char* read(Level level, const Deadline& deadline);
  /// Transactions of a cycle, with the readers that force it; empty: there is none.
  [[nodiscard]] types::Ops cycle() const;

  std::vector<types::Finding> wrong;  ///< reads that no level allows
  std::vector<types::Chance> chances;
  std::uint64_t unclear = 0;  ///< reads of values that several transactions wrote

 private:
  [[nodiscard]] static std::uint64_t slot(std::uint32_t key, ValueId value) {
    return std::uint64_t{key} << 32U | value;
  }
  struct Written {
    std::uint32_t op = kNone;
    bool last = false;
    bool twice = false;
  };
  void writes();
  void take();
  void sessions();
  void reads_of(std::uint32_t node);
  void resolve(std::uint32_t node, const Micro& micro, bool own, ValueId expected);
  [[nodiscard]] bool writes_key(std::uint32_t node, std::uint32_t key) const {
    return node == 0 || writes_.contains(slot(key, node));
  }
  void force(std::uint32_t before, const Read& read, std::uint32_t reader);
  void read_committed();
  void read_atomic();
  bool causal(const Deadline& deadline);
  void found(types::Ops ops, std::string text, std::uint32_t node);
  void why(const order::Edge& edge, types::Ops& ops) const;

  const History& history_;
  std::unordered_map<std::uint64_t, Written> written_;
  std::unordered_map<std::uint64_t, char> writes_;  // (key, node): it writes the key
  std::vector<std::uint32_t> ops_;                  // by node; node 0 is the initial values
  std::vector<std::uint32_t> node_of_;              // by operation
  std::vector<std::uint32_t> session_;              // by node
  std::vector<std::uint32_t> place_;                // by node: within its session, from 1
  std::vector<std::uint32_t> before_;  // by node: the one before in its session; 0: none
  std::uint32_t sessions_ = 0;
  std::vector<Read> reads_;
  std::vector<std::uint32_t> first_;  // by node: into reads_; one more at the end
  std::vector<order::Edge> edges_;
};

/// The definition on a few transactions: all forced edges by trying all triples, closed by Warshall's algorithm.
[[nodiscard]] bool illegal(const History& history, Level level, const types::Ops& ops);

[[nodiscard]] CheckResult check_level(const CheckInput& input, const char* name, Level level);
/// True where transactions read and write single values.
[[nodiscard]] bool reads_and_writes(const History& history);

}  // namespace sunder::check::txn
