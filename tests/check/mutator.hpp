// Mutator: what the mutations of all data types share. See mutations.hpp.
// Thread: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "check/history.hpp"
#include "tests/check/mutations.hpp"

namespace sunder::check::test {

class Mutator {
 public:
  Mutator(History& history, std::mt19937_64& dice, bool sure)
      : history_(history), dice_(dice), sure_(sure) {}
  Mutator(const Mutator&) = delete;
  Mutator& operator=(const Mutator&) = delete;
  virtual ~Mutator() = default;

  bool apply(Mutation mutation) {
    switch (mutation) {
      case Mutation::stale_read: return stale_read();
      case Mutation::lost_write: return lost_write();
      case Mutation::resurrected_write: return resurrected_write();
      case Mutation::swapped_session: return swapped_session();
      case Mutation::duplicate: return duplicate();
    }
    return false;
  }

 protected:
  using Index = std::size_t;
  static constexpr Index kNoPlace = std::numeric_limits<Index>::max();

  virtual bool stale_read() = 0;
  virtual bool lost_write() = 0;
  virtual bool resurrected_write() = 0;
  virtual bool swapped_session() = 0;
  virtual bool duplicate() = 0;

  [[nodiscard]] std::vector<Op>& ops() { return history_.ops; }
  [[nodiscard]] std::int64_t below(std::size_t n) { return static_cast<std::int64_t>(dice_() % n); }
  /// a was answered before b was asked.
  static bool before(const Op& a, const Op& b) {
    return a.outcome == EventType::ok && a.completed < b.invoked;
  }

  template <class Is>
  [[nodiscard]] Index find(const Is& is) const {
    const auto at = std::find_if(history_.ops.begin(), history_.ops.end(), is);
    return at == history_.ops.end() ? kNoPlace : static_cast<Index>(at - history_.ops.begin());
  }
  template <class Is>
  [[nodiscard]] bool any(const Is& is) const {
    return find(is) != kNoPlace;
  }
  /// One of those, by dice: the first from a random place on, around the end.
  template <class Is>
  [[nodiscard]] Index pick(const Is& is) {
    const std::size_t n = history_.ops.size();
    const std::size_t from = dice_() % n;
    for (std::size_t i = 0; i < n; ++i) {
      const Index at = (from + i) % n;
      if (is(history_.ops[at])) return at;
    }
    return kNoPlace;
  }

  template <class Is>
  bool fail_one(const Is& is) {
    const Index at = pick([&](const Op& op) { return op.outcome == EventType::ok && is(op); });
    if (at == kNoPlace) return false;
    ops()[at].outcome = EventType::fail;
    ops()[at].error = OpErrorClass::definite;
    return true;
  }
  /// Two answered operations of one process, the second one of the next few: what they did changes places, times stay.
  template <class Are>
  bool swap_pair(const Are& are) {
    const std::size_t n = ops().size();
    const std::size_t from = dice_() % n;
    for (std::size_t i = 0; i < n; ++i) {
      Op& one = ops()[(from + i) % n];
      if (one.outcome != EventType::ok) continue;
      int later = 0;
      for (Index j = (from + i) % n + 1; j < n && later < 4; ++j) {
        Op& two = ops()[j];
        if (two.process != one.process || two.outcome != EventType::ok) continue;
        ++later;
        if (two.key != one.key || !are(one, two)) continue;
        exchange(one, two);
        return true;
      }
    }
    return false;
  }
  static void exchange(Op& one, Op& two) {
    std::swap(one.kind, two.kind);
    std::swap(one.value, two.value);
    std::swap(one.old, two.old);
    std::swap(one.observed, two.observed);
    std::swap(one.txn, two.txn);
  }
  void erase(Index at) { ops().erase(ops().begin() + static_cast<std::ptrdiff_t>(at)); }
  void insert(const Op& op) {
    const auto at = std::upper_bound(ops().begin(), ops().end(), op, [](const Op& a, const Op& b) {
      return a.invoked < b.invoked;
    });
    ops().insert(at, op);
  }

  History& history_;
  std::mt19937_64& dice_;
  bool sure_;
};

/// `lists`: list-append, else txn-register.
bool mutate_txns(History& history, bool lists, Mutation mutation, std::mt19937_64& dice, bool sure);

}  // namespace sunder::check::test
