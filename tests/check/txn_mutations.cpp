// Mutations of transactions: over lists of unique elements, and over registers with unique values.
// "Surely illegal": for lists in real time (strict serializability, what `list-append` judges); for registers in causal
// order (`txn-causal`), which has no time: what one process wrote in order, seen by the same process in another order.
#include <algorithm>
#include <optional>

#include "tests/check/mutator.hpp"

namespace sunder::check::test {

namespace {

class TxnMutator : public Mutator {
 public:
  using Mutator::Mutator;

 protected:
  struct Place {
    Index op = kNoPlace;
    std::size_t micro = 0;  // into History::micros
    explicit operator bool() const { return op != kNoPlace; }
  };

  [[nodiscard]] std::size_t begin_of(const Op& op) const {
    return op.txn == 0 ? 0 : history_.txn_ends[op.txn - 1];
  }
  [[nodiscard]] std::size_t end_of(const Op& op) const { return history_.txn_ends[op.txn]; }

  // One answered read of a key that this transaction does not write, by dice, of those that fit.
  template <class Is>
  [[nodiscard]] Place pick_read(const Is& is) {
    Place place;
    place.op = pick([&](const Op& op) {
      if (op.outcome != EventType::ok) return false;
      for (std::size_t m = begin_of(op); m < end_of(op); ++m) {
        const Micro& micro = history_.micros[m];
        if (micro.f != Micro::F::read || touches(op, micro.key)) continue;
        if (!is(op, micro)) continue;
        place.micro = m;
        return true;
      }
      return false;
    });
    return place;
  }
  [[nodiscard]] bool touches(const Op& op, std::uint32_t key) const {
    return std::any_of(history_.micros.begin() + static_cast<std::ptrdiff_t>(begin_of(op)),
                       history_.micros.begin() + static_cast<std::ptrdiff_t>(end_of(op)),
                       [&](const Micro& m) { return m.f != Micro::F::read && m.key == key; });
  }
  [[nodiscard]] Index writer(std::uint32_t key, ValueId value) const {
    return find([&](const Op& op) {
      for (std::size_t m = begin_of(op); m < end_of(op); ++m) {
        const Micro& micro = history_.micros[m];
        if (micro.f != Micro::F::read && micro.key == key && micro.value == value) return true;
      }
      return false;
    });
  }
};

class ListsMutator final : public TxnMutator {
 public:
  using TxnMutator::TxnMutator;

  // Illegal: the append, then a read without it.
  bool stale_read() override {
    const Place r = missable();
    if (!r) return false;
    Items items = shown(r.micro);
    items.pop_back();
    show(r.micro, items);
    return true;
  }
  bool lost_write() override {
    const Place r = missable();
    if (!r) return false;
    const std::uint32_t key = history_.micros[r.micro].key;
    const ValueId lost = shown(r.micro).back();
    for (std::size_t m = 0; m < history_.micros.size(); ++m) {
      Items items = shown(m);
      if (history_.micros[m].key != key || std::erase(items, lost) == 0) continue;
      show(m, items);
    }
    return true;
  }
  // Illegal: elements are unique.
  bool resurrected_write() override {
    const Place r = pick_read([&](const Op&, const Micro& micro) { return !shown(micro).empty(); });
    if (!r) return false;
    const Index w = writer(history_.micros[r.micro].key, shown(r.micro).back());
    if (w == kNoPlace || ops()[w].outcome != EventType::ok) return false;
    ops()[w].outcome = EventType::fail;
    ops()[w].error = OpErrorClass::definite;
    return true;
  }
  bool swapped_session() override {
    // Illegal: a list never loses elements. The one more is somebody else's, who goes on having appended it.
    return swap_pair([&](const Op& one, const Op& two) { return !sure_ || grows(one, two); });
  }
  bool duplicate() override {
    const Place r = pick_read([&](const Op&, const Micro& micro) { return !shown(micro).empty(); });
    if (!r) return false;
    Items items = shown(r.micro);
    items.push_back(items[static_cast<std::size_t>(below(items.size()))]);
    show(r.micro, items);
    return true;
  }

 private:
  using Items = std::vector<ValueId>;

  [[nodiscard]] Items shown(const Micro& micro) const {
    if (micro.f != Micro::F::read) return {};
    const auto items = history_.values.list(micro.value);
    return items ? Items(items->begin(), items->end()) : Items();
  }
  [[nodiscard]] Items shown(std::size_t micro) const { return shown(history_.micros[micro]); }
  void show(std::size_t micro, const Items& items) {
    history_.micros[micro].value = history_.values.intern_list(items);
  }
  // A read whose last element was acknowledged before it was asked.
  [[nodiscard]] Place missable() {
    return pick_read([&](const Op& op, const Micro& micro) {
      const Items items = shown(micro);
      if (items.empty()) return false;
      const Index w = writer(micro.key, items.back());
      return !sure_ || (w != kNoPlace && before(ops()[w], op));
    });
  }
  [[nodiscard]] bool grows(const Op& one, const Op& two) const {
    for (std::size_t a = begin_of(one); a < end_of(one); ++a) {
      const Micro& less = history_.micros[a];
      for (std::size_t b = begin_of(two); b < end_of(two); ++b) {
        const Micro& more = history_.micros[b];
        if (less.key != more.key || touches(one, less.key) || touches(two, less.key)) continue;
        if (less.f == Micro::F::read && shown(less).size() < shown(more).size()) return true;
      }
    }
    return false;
  }
};

class ValuesMutator final : public TxnMutator {
 public:
  using TxnMutator::TxnMutator;

  // Illegal: this process had seen w2 (it reads its value in an earlier transaction), w2's process had written w1 before,
  // and now it reads w1.
  bool stale_read() override {
    return older([&](const Op& op, const Micro& micro, Index) {
      return any([&](const Op& past) {
        if (past.process != op.process || !before(past, op)) return false;
        for (std::size_t m = begin_of(past); m < end_of(past); ++m) {
          const Micro& seen = history_.micros[m];
          const bool read = seen.f == Micro::F::read && seen.key == micro.key;
          if (read && seen.value == micro.value) return true;
        }
        return false;
      });
    });
  }
  // Illegal: its own process does not see it, but what it wrote before.
  bool lost_write() override {
    const auto own = [&](const Op& op, const Micro&, Index w2) {
      return ops()[w2].process == op.process && before(ops()[w2], op);
    };
    const auto found = find_older(own);
    if (!found) return false;
    const ValueId lost = history_.micros[found->place.micro].value;
    for (Micro& micro : history_.micros) {
      const bool read = micro.f == Micro::F::read && micro.key == found->key;
      if (read && micro.value == lost) micro.value = found->value;
    }
    return true;
  }
  bool resurrected_write() override {
    const Place r = pick_read([](const Op&, const Micro& micro) {
      return micro.value != kAbsent && micro.value != kUnknown;
    });
    if (!r) return false;
    const Index w = writer(history_.micros[r.micro].key, history_.micros[r.micro].value);
    if (w == kNoPlace || ops()[w].outcome != EventType::ok) return false;
    ops()[w].outcome = EventType::fail;
    ops()[w].error = OpErrorClass::definite;
    return true;
  }
  bool swapped_session() override {
    // Illegal: one process wrote a and then b, and another one reads b and then a.
    return swap_pair([&](const Op& one, const Op& two) { return !sure_ || advances(one, two); });
  }
  // Illegal: what this process overwrote is back.
  bool duplicate() override {
    return older([&](const Op& op, const Micro&, Index w2) {
      return ops()[w2].process == op.process && before(ops()[w2], op);
    });
  }

 private:
  struct Older {
    Place place;
    std::uint32_t key = 0;
    ValueId value = kAbsent;
  };
  // The last value of the key that the process of `op` wrote before it.
  [[nodiscard]] std::optional<ValueId> written_before(const Op& op, std::uint32_t key) const {
    std::optional<ValueId> value;
    for (const Op& past : history_.ops) {
      if (past.invoked >= op.invoked) break;
      if (past.process != op.process || past.outcome != EventType::ok) continue;
      for (std::size_t m = begin_of(past); m < end_of(past); ++m) {
        const Micro& micro = history_.micros[m];
        if (micro.f == Micro::F::write && micro.key == key) value = micro.value;
      }
    }
    return value;
  }
  // A read of w2's value, and the value that w2's process wrote before.
  template <class Is>
  [[nodiscard]] std::optional<Older> find_older(const Is& is) {
    Older found;
    found.place = pick_read([&](const Op& op, const Micro& micro) {
      const Index w2 = writer(micro.key, micro.value);
      if (w2 == kNoPlace || (sure_ && !is(op, micro, w2))) return false;
      const auto value = written_before(ops()[w2], micro.key);
      if (sure_ && !value) return false;
      found.value = value.value_or(kAbsent);
      found.key = micro.key;
      return true;
    });
    if (!found.place) return std::nullopt;
    return found;
  }
  template <class Is>
  bool older(const Is& is) {
    const auto found = find_older(is);
    if (!found) return false;
    history_.micros[found->place.micro].value = found->value;
    return true;
  }
  [[nodiscard]] bool advances(const Op& one, const Op& two) const {
    for (std::size_t a = begin_of(one); a < end_of(one); ++a) {
      const Micro& first = history_.micros[a];
      if (first.f != Micro::F::read || touches(one, first.key) || touches(two, first.key)) continue;
      const Index w1 = writer(first.key, first.value);
      if (w1 == kNoPlace || history_.ops[w1].process == one.process) continue;
      for (std::size_t b = begin_of(two); b < end_of(two); ++b) {
        const Micro& second = history_.micros[b];
        if (second.f != Micro::F::read || second.key != first.key) continue;
        const Index w2 = writer(second.key, second.value);
        if (w2 == kNoPlace || w2 == w1) continue;
        if (history_.ops[w1].process == history_.ops[w2].process &&
            before(history_.ops[w1], history_.ops[w2])) {
          return true;
        }
      }
    }
    return false;
  }
};

}  // namespace

bool mutate_txns(History& history, bool lists, Mutation mutation, std::mt19937_64& dice,
                 bool sure) {
  if (lists) return ListsMutator(history, dice, sure).apply(mutation);
  return ValuesMutator(history, dice, sure).apply(mutation);
}

}  // namespace sunder::check::test
