// Mutations of registers, sets, texts, counters, queues and locks; those of transactions: txn_mutations.cpp.
// "Surely illegal" rests on unique values (a value shows its write) and on real time: a before b means that a was answered
// before b was asked.
#include "tests/check/mutations.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "tests/check/mutator.hpp"

namespace sunder::check::test {

const char* name_of(Mutation mutation) {
  switch (mutation) {
    case Mutation::stale_read: return "stale read";
    case Mutation::lost_write: return "lost write";
    case Mutation::resurrected_write: return "resurrected";
    case Mutation::swapped_session: return "swapped";
    case Mutation::duplicate: return "duplicate";
  }
  return "?";
}

namespace {

// Registers with write and cas, unique values.
class RegisterMutator final : public Mutator {
 public:
  using Mutator::Mutator;

  bool stale_read() override { return stale(1); }
  bool duplicate() override { return stale(3); }  // the old write happened again: some reads see it
  bool lost_write() override {
    const Index w = pick([&](const Op& op) { return writes(op) && op.outcome == EventType::ok; });
    if (w == kNoPlace) return false;
    const Op write = ops()[w];
    const Index seen = pick([&](const Op& op) {
      return reads(op) && op.value == write.value && op.key == write.key &&
             (!sure_ || before(write, op));
    });
    // Illegal: x, then w, then a read of x's value.
    const Index x = pick([&](const Op& op) {
      return writes(op) && op.key == write.key && op.value != write.value &&
             (!sure_ || before(op, write));
    });
    if (seen == kNoPlace || x == kNoPlace) return false;
    const ValueId old = ops()[x].value;
    for (Op& op : ops()) {
      if (reads(op) && op.key == write.key && op.value == write.value) op.value = old;
    }
    return true;
  }
  // Illegal: values are unique, so nobody else wrote what was read.
  bool resurrected_write() override {
    return fail_one([&](const Op& op) {
      return writes(op) && (!sure_ || any([&](const Op& read) {
               return reads(read) && read.key == op.key && read.value == op.value;
             }));
    });
  }
  bool swapped_session() override {
    // Illegal: w1 then w2, and in this order read r1 of w2 and r2 of w1.
    return swap_pair([&](const Op& one, const Op& two) {
      if (!sure_) return true;
      const Index w1 = writer(one);
      const Index w2 = writer(two);
      return reads(one) && reads(two) && w1 != kNoPlace && w2 != kNoPlace &&
             before(ops()[w1], ops()[w2]);
    });
  }

 private:
  static bool writes(const Op& op) {
    return (op.kind == OpKind::write || op.kind == OpKind::cas) && op.outcome != EventType::fail;
  }
  static bool reads(const Op& op) { return op.kind == OpKind::read && op.outcome == EventType::ok; }
  [[nodiscard]] Index writer(const Op& read) const {
    return find(
        [&](const Op& op) { return writes(op) && op.key == read.key && op.value == read.value; });
  }
  // Some reads in a row see an older value. Illegal: w, then x, then the first read, of w's value.
  bool stale(int reads_of_it) {
    const Index r = pick([&](const Op& op) { return reads(op); });
    if (r == kNoPlace) return false;
    const Op read = ops()[r];
    const Index w = pick([&](const Op& op) {
      if (!writes(op) || op.key != read.key || op.value == read.value) return false;
      return !sure_ || (before(op, read) && any([&](const Op& x) {
                          return writes(x) && x.key == read.key && before(op, x) && before(x, read);
                        }));
    });
    if (w == kNoPlace) return false;
    const ValueId old = ops()[w].value;
    for (Index i = r; i < ops().size() && reads_of_it > 0; ++i) {
      if (!reads(ops()[i]) || ops()[i].key != read.key) continue;
      ops()[i].value = old;
      --reads_of_it;
    }
    return true;
  }
};

// Sets that only grow, and texts of pieces: what a read shows is a list of elements, each put in by one operation.
class ContentMutator : public Mutator {
 public:
  using Mutator::Mutator;

  bool resurrected_write() override {
    return fail_one([&](const Op& op) {
      return puts(op) && (!sure_ || any([&](const Op& read) {
               return reads(read) && read.key == op.key && contains(read, op.value);
             }));
    });
  }
  // Illegal: one addition shows twice.
  bool duplicate() override {
    const Index r = pick([&](const Op& op) { return reads(op) && !shown(op).empty(); });
    if (r == kNoPlace) return false;
    auto items = shown(ops()[r]);
    items.push_back(items[below(items.size())]);
    show(ops()[r], items);
    return true;
  }

 protected:
  using Items = std::vector<ValueId>;
  [[nodiscard]] virtual bool puts(const Op& op) const = 0;
  [[nodiscard]] virtual Items shown(const Op& read) const = 0;
  virtual void show(Op& read, const Items& items) = 0;

  static bool reads(const Op& op) { return op.kind == OpKind::read && op.outcome == EventType::ok; }
  [[nodiscard]] bool contains(const Op& read, ValueId item) const {
    const Items items = shown(read);
    return std::find(items.begin(), items.end(), item) != items.end();
  }
  void hide(Op& read, ValueId item) {
    Items items = shown(read);
    std::erase(items, item);
    show(read, items);
  }
  [[nodiscard]] Index putter(const Op& read, ValueId item) const {
    return find([&](const Op& op) { return puts(op) && op.key == read.key && op.value == item; });
  }
};

class SetMutator final : public ContentMutator {
 public:
  using ContentMutator::ContentMutator;

  // Illegal: the addition, then a read without it (nothing is ever removed).
  bool stale_read() override {
    return miss([&](Op& read, const Op& put) { hide(read, put.value); });
  }
  bool lost_write() override {
    return miss([&](Op&, const Op& put) {
      for (Op& op : ops()) {
        if (reads(op) && op.key == put.key) hide(op, put.value);
      }
    });
  }
  bool swapped_session() override {
    // Illegal: the first shows more than the second, and nothing is ever removed.
    return swap_pair([&](const Op& one, const Op& two) {
      return !sure_ || (reads(one) && reads(two) && shown(one).size() < shown(two).size());
    });
  }

 private:
  template <class Do>
  bool miss(const Do& act) {
    const Index r = pick([&](const Op& op) { return reads(op) && !shown(op).empty(); });
    if (r == kNoPlace) return false;
    const Items items = shown(ops()[r]);
    const Index p = putter(ops()[r], items[below(items.size())]);
    if (p == kNoPlace || (sure_ && !before(ops()[p], ops()[r]))) return false;
    const Op put = ops()[p];
    act(ops()[r], put);
    return true;
  }
  [[nodiscard]] bool puts(const Op& op) const override {
    return op.kind == OpKind::add && op.outcome != EventType::fail;
  }
  [[nodiscard]] Items shown(const Op& read) const override {
    const auto items = history_.values.list(read.value);
    return items ? Items(items->begin(), items->end()) : Items();
  }
  void show(Op& read, const Items& items) override {
    read.value = history_.values.intern_list(items);
  }
};

// kv: a write begins a text with its piece, an append adds one at the end; pieces ("x17") are unique.
class KvMutator final : public ContentMutator {
 public:
  using ContentMutator::ContentMutator;

  bool stale_read() override {
    const Index r = pick([](const Op& op) { return reads(op); });
    if (r == kNoPlace) return false;
    const Op read = ops()[r];
    // Illegal: what e showed, then a write, which ends it for good, then a read of it.
    const Index e = pick([&](const Op& op) {
      if (!reads(op) || op.key != read.key || op.value == read.value) return false;
      return !sure_ || (before(op, read) && any([&](const Op& x) {
                          return x.kind == OpKind::write && x.key == read.key && before(op, x) &&
                                 before(x, read);
                        }));
    });
    if (e == kNoPlace) return false;
    ops()[r].value = ops()[e].value;
    return true;
  }
  bool lost_write() override {
    const Index r = pick([&](const Op& op) { return reads(op) && shown(op).size() > 1; });
    if (r == kNoPlace) return false;
    const Items items = shown(ops()[r]);
    const Index p = putter(ops()[r], items[1 + below(items.size() - 1)]);
    const Index start = putter(ops()[r], items[0]);
    if (p == kNoPlace || start == kNoPlace) return false;
    const Op put = ops()[p];
    // Illegal: the write that the text begins with, then the append, then a read of that text without it.
    const bool certain =
        ops()[start].kind == OpKind::write && before(ops()[start], put) && before(put, ops()[r]);
    if (sure_ && !certain) return false;
    for (Op& op : ops()) {
      if (reads(op) && op.key == put.key && contains(op, put.value)) hide(op, put.value);
    }
    return true;
  }
  bool swapped_session() override {
    // Illegal: a text was there only before what it grew to.
    return swap_pair([&](const Op& one, const Op& two) {
      if (!sure_) return true;
      if (!reads(one) || !reads(two)) return false;
      const Items less = shown(one);
      const Items more = shown(two);
      return !less.empty() && less.size() < more.size() &&
             std::equal(less.begin(), less.end(), more.begin());
    });
  }

 private:
  [[nodiscard]] bool puts(const Op& op) const override {
    const bool kind = op.kind == OpKind::write || op.kind == OpKind::append;
    return kind && op.outcome != EventType::fail;
  }
  [[nodiscard]] Items shown(const Op& read) const override {
    Items items;
    if (read.value == kAbsent) return items;
    const std::string text = history_.values.text(read.value);  // "x1x27", with its quotes
    for (std::size_t at = 1; at + 1 < text.size();) {
      const std::size_t end = std::min(text.find('x', at + 1), text.size() - 1);
      items.push_back(history_.values.intern_text('"' + text.substr(at, end - at) + '"'));
      at = end;
    }
    return items;
  }
  void show(Op& read, const Items& items) override {
    std::string text;
    for (const ValueId item : items) {
      const std::string piece = history_.values.text(item);
      text += piece.substr(1, piece.size() - 2);
    }
    read.value = items.empty() ? kAbsent : history_.values.intern_text('"' + text + '"');
  }
};

// Increments of 1 to 9, from 0.
class CounterMutator final : public Mutator {
 public:
  using Mutator::Mutator;

  bool stale_read() override {
    const Index r = pick([](const Op& op) { return reads(op); });
    if (r == kNoPlace) return false;
    const std::int64_t low = least(ops()[r]);  // illegal: less than what was acknowledged before it
    if (low == 0) return false;
    set(ops()[r], sure_ ? low - 1 : number(ops()[r]) - 1 - below(3));
    return true;
  }
  bool lost_write() override {
    return shift(-1,
                 [&](const Op& read, std::int64_t by) { return number(read) - by < least(read); });
  }
  bool duplicate() override {
    return shift(1,
                 [&](const Op& read, std::int64_t by) { return number(read) + by > most(read); });
  }
  bool resurrected_write() override {
    // Illegal: more than all other increments together that were asked by then.
    return fail_one([&](const Op& op) {
      return adds(op) && (!sure_ || any([&](const Op& read) {
               return reads(read) && op.invoked <= read.completed &&
                      number(read) > most(read) - number(op);
             }));
    });
  }
  bool swapped_session() override {
    // Illegal: it never falls.
    return swap_pair([&](const Op& one, const Op& two) {
      return !sure_ || (reads(one) && reads(two) && number(one) < number(two));
    });
  }

 private:
  static bool reads(const Op& op) { return op.kind == OpKind::read && op.outcome == EventType::ok; }
  static bool adds(const Op& op) {
    return op.kind == OpKind::increment && op.outcome != EventType::fail;
  }
  [[nodiscard]] std::int64_t number(const Op& op) const {
    return history_.values.number(op.value).value_or(0);
  }
  void set(Op& op, std::int64_t value) { op.value = history_.values.intern(value); }
  [[nodiscard]] std::int64_t least(const Op& read) const {
    std::int64_t sum = 0;
    for (const Op& op : history_.ops) {
      if (adds(op) && before(op, read)) sum += number(op);
    }
    return sum;
  }
  [[nodiscard]] std::int64_t most(const Op& read) const {
    std::int64_t sum = 0;
    for (const Op& op : history_.ops) {
      if (adds(op) && op.invoked <= read.completed) sum += number(op);
    }
    return sum;
  }
  // All reads asked after one increment are wrong by it. Illegal: one of them leaves its bounds.
  template <class Out>
  bool shift(std::int64_t sign, const Out& out_of_bounds) {
    const Index w = pick([](const Op& op) { return adds(op) && op.outcome == EventType::ok; });
    const Index r = pick([](const Op& op) { return reads(op); });
    if (w == kNoPlace || r == kNoPlace || !before(ops()[w], ops()[r])) return false;
    const Op add = ops()[w];
    const std::int64_t by = number(add);
    if (sure_ && !out_of_bounds(ops()[r], by)) return false;
    for (Op& op : ops()) {
      if (reads(op) && before(add, op)) set(op, number(op) + sign * by);
    }
    return true;
  }
};

// First in, first out; values unique, and all that is left is drained at the end.
class QueueMutator final : public Mutator {
 public:
  using Mutator::Mutator;

  // Illegal: it was put in, and never comes out, not even in the last drain.
  bool stale_read() override {
    const Index d = pick([&](const Op& op) { return takes(op) && known(op); });
    if (d == kNoPlace) return false;
    ops()[d].value = kAbsent;
    return true;
  }
  bool lost_write() override {
    const Index d = pick([&](const Op& op) { return takes(op) && known(op); });
    if (d == kNoPlace) return false;
    erase(d);
    return true;
  }
  bool resurrected_write() override {
    return fail_one([&](const Op& op) {
      return op.kind == OpKind::enqueue && (!sure_ || any([&](const Op& out) {
               return takes(out) && out.key == op.key && out.value == op.value;
             }));
    });
  }
  bool swapped_session() override {
    // Illegal: a was in before b, and b came out before a.
    return swap_pair([&](const Op& one, const Op& two) {
      if (!sure_) return true;
      return takes(one) && takes(two) && known(one) && known(two) &&
             before(ops()[put(one)], ops()[put(two)]);
    });
  }
  // Illegal: it was put in once.
  bool duplicate() override {
    const Index d = pick([](const Op& op) { return takes(op); });
    const Index again = pick([](const Op& op) { return takes(op); });
    if (d == kNoPlace || again <= d || again == kNoPlace || !known(ops()[d])) return false;
    ops()[again].value = ops()[d].value;
    return true;
  }

 private:
  static bool takes(const Op& op) {
    return op.kind == OpKind::dequeue && op.outcome == EventType::ok;
  }
  [[nodiscard]] Index put(const Op& out) const {
    return find([&](const Op& op) {
      return op.kind == OpKind::enqueue && op.key == out.key && op.value == out.value;
    });
  }
  // Surely put in.
  [[nodiscard]] bool known(const Op& out) const {
    const Index p = out.value == kAbsent ? kNoPlace : put(out);
    return p != kNoPlace && (!sure_ || history_.ops[p].outcome == EventType::ok);
  }
};

// Illegal: more acquires were answered than releases asked, and one. Right after an answered acquire there is one more of
// them exactly, so that one release less, or one acquire more, is too much from the next acquire on.
class MutexMutator final : public Mutator {
 public:
  using Mutator::Mutator;

  bool stale_read() override { return false; }
  bool lost_write() override {  // the acquire is lost, for its holder keeps the lock
    const Index r = pick([&](const Op& op) { return frees(op); });
    if (r == kNoPlace) return false;
    erase(r);
    return true;
  }
  bool resurrected_write() override {
    return fail_one([&](const Op& op) { return frees(op); });
  }
  // A release before its acquire is not the database's doing.
  bool swapped_session() override { return false; }
  bool duplicate() override {
    const Index a = pick(
        [](const Op& op) { return op.kind == OpKind::acquire && op.outcome == EventType::ok; });
    if (a == kNoPlace) return false;
    Op again = ops()[a];
    const Index next = find(
        [&](const Op& op) { return op.process == again.process && op.invoked > again.completed; });
    const Nanos end = next == kNoPlace ? again.completed + 100 : ops()[next].invoked;
    if (end - again.completed < 4) return false;
    again.process = 1'000'000;
    again.invoked = again.completed + 1;
    again.completed = again.invoked + 1;
    again.invoke_event = static_cast<std::uint32_t>(history_.events);
    again.complete_event = again.invoke_event + 1;
    history_.events += 2;
    insert(again);
    return true;
  }

 private:
  [[nodiscard]] bool frees(const Op& op) const {
    if (op.kind != OpKind::release || op.outcome != EventType::ok) return false;
    return !sure_ || any([&](const Op& next) {
      return next.kind == OpKind::acquire && next.outcome == EventType::ok && before(op, next);
    });
  }
};

}  // namespace

bool mutate(History& history, std::string_view model, Mutation mutation, std::mt19937_64& dice,
            bool sure) {
  if (model == "set") return SetMutator(history, dice, sure).apply(mutation);
  if (model == "kv") return KvMutator(history, dice, sure).apply(mutation);
  if (model == "counter") return CounterMutator(history, dice, sure).apply(mutation);
  if (model == "fifo-queue") return QueueMutator(history, dice, sure).apply(mutation);
  if (model == "mutex") return MutexMutator(history, dice, sure).apply(mutation);
  if (model == "list-append" || model == "txn-register") {
    return mutate_txns(history, model == "list-append", mutation, dice, sure);
  }
  return RegisterMutator(history, dice, sure).apply(mutation);
}

}  // namespace sunder::check::test
