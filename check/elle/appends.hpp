// Appends: what transactions over lists show of their order, after Elle (Kingsbury and Alvaro, VLDB 2020).
//
// History → **Appends** (who wrote what, version orders, anomalies of single reads, edges) → cycles → CheckResult.
// A read of a list shows the order of all versions up to it. The longest read of a key is its version order. Edges:
//   ww  consecutive elements' writers; the last one seen → writers of elements that nobody saw
//   wr  the writer of a read's last element → the reader
//   rw  the reader → the writer of the next element
//   session  a process's transactions in order;  real time  one ended before the other began (by a chain of moments)
// Transactions of unknown outcome belong to it only if somebody saw one of their elements.
// Thread: one. Tested by tests/check/txn_test.cpp.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "check/deadline.hpp"
#include "check/history.hpp"
#include "check/order/graph.hpp"
#include "check/types/finding.hpp"

namespace sunder::check::elle {

enum Mask : std::uint8_t { kWw = 1, kWr = 2, kRw = 4, kSession = 8, kRealTime = 16 };

struct Edge {
  std::uint32_t from = 0;  // operations; above History::ops.size(): moments of real time
  std::uint32_t to = 0;
  std::uint8_t kind = 0;
};

class Appends {
 public:
  explicit Appends(const History& history) : history_(history) {}

  /// RETURNS the CODE of a budget that ran out, or nullptr.
  const char* read(const Deadline& deadline);

  std::vector<types::Finding> wrong;  ///< what no model from read-committed on allows
  std::vector<types::Chance> chances;
  std::vector<Edge> edges;
  std::uint32_t nodes = 0;  ///< operations and moments

  /// A cycle of edges of `mask` as operations, and the reads that show the versions on it; empty: there is none.
  /// `apart`: of cycles only those without two rw edges in a row (snapshot isolation).
  [[nodiscard]] types::Ops cycle(std::uint8_t mask, bool apart) const;

 private:
  struct Written {
    std::uint32_t op = kNone;
    bool last = false;  // of this transaction and key
    bool seen = false;
  };
  [[nodiscard]] static std::uint64_t slot(std::uint32_t key, ValueId value) {
    return std::uint64_t{key} << 32U | value;
  }
  [[nodiscard]] bool took_part(std::uint32_t o) const { return part_[o]; }
  void writes();
  void longest();
  void look(std::uint32_t o, const Micro& micro);
  void inside(std::uint32_t o);
  void versions();
  void readers();
  void sessions();
  void moments();
  void found(types::Ops ops, const std::string& what, std::uint32_t o);

  const History& history_;
  std::unordered_map<std::uint64_t, Written> written_;
  struct Key {
    ValueId list = kAbsent;             // the longest read
    std::uint32_t reader = kNone;       // that answered it
    std::vector<std::uint32_t> unseen;  // acknowledged writers of elements that nobody saw
  };
  std::vector<Key> keys_;
  std::vector<bool> part_;  // by operation: took effect for sure
};

/// The definition, on a few transactions, from their own reads alone: what was seen came before, what was not seen comes
/// after, lists show the order of their writers.
class Definition {
 public:
  Definition(const History& history, std::uint8_t mask, bool apart)
      : history_(history), mask_(mask), apart_(apart) {}
  [[nodiscard]] bool illegal(const types::Ops& ops);

 private:
  [[nodiscard]] bool by_itself(const types::Ops& ops);
  void index();
  const History& history_;
  std::uint8_t mask_;
  bool apart_;
  std::unordered_map<std::uint64_t, std::uint32_t> writer_;
};

/// The list that an answered read returned (null: empty).
[[nodiscard]] inline std::span<const ValueId> listed(const History& history, const Micro& micro) {
  const auto list = history.values.list(micro.value);
  return list ? *list : std::span<const ValueId>();
}
/// True where a read has an answer that is a list.
[[nodiscard]] inline bool answered(const History& history, const Op& op, const Micro& micro) {
  return op.outcome == EventType::ok && micro.f == Micro::F::read &&
         (micro.value == kAbsent || history.values.list(micro.value).has_value());
}

/// A check of one model over lists. `model`: "serializable".
[[nodiscard]] CheckResult check_appends(const CheckInput& input, const char* model,
                                        std::uint8_t mask, bool apart);
/// True where transactions append.
[[nodiscard]] bool appends(const History& history);

}  // namespace sunder::check::elle
