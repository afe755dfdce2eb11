// Pending operations: what settles them never changes a verdict, and histories with many of them are decided.
#include "check/search/pending.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <string>

#include "check/model_check.hpp"
#include "check/search/model_search.hpp"
#include "sunder/rng.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check {
namespace {

constexpr std::uint32_t kKeys = 2;

// A perfect object of each kind, for answers that are mostly right.
struct Object {
  std::set<std::int64_t> set;
  std::deque<std::int64_t> queue;
  std::string text;
  std::int64_t registers[kKeys] = {0, 0};
};

// Values are written once, two fifths of the operations are pending, and some answers are wrong.
class Random {
 public:
  Random(std::string model, Rng& rng) : model_(std::move(model)), rng_(rng) {
    history.keys.assign(kKeys, "k");
    if (model_ == "multi-register") history.initial = history.values.intern(std::int64_t{0});
    const auto count = 3 + rng.below(7);
    for (std::uint64_t i = 0; i < count; ++i) begin();
    std::stable_sort(history.ops.begin(), history.ops.end(),
                     [](const Op& a, const Op& b) { return a.intended < b.intended; });
    for (Op& op : history.ops) happen(op);
    std::stable_sort(history.ops.begin(), history.ops.end(),
                     [](const Op& a, const Op& b) { return a.invoked < b.invoked; });
    for (std::uint32_t i = 0; i < history.ops.size(); ++i) {
      Op& op = history.ops[i];
      op.process = static_cast<std::int32_t>(i);
      op.invoke_event = 2 * i;
      if (op.outcome != EventType::info) op.complete_event = 2 * i + 1;
    }
  }

  History history;

 private:
  void begin() {
    Op op;
    op.key = 0;
    op.invoked = static_cast<Nanos>(rng_.below(16));
    op.completed = op.invoked + static_cast<Nanos>(1 + rng_.below(8));
    op.outcome = rng_.chance(0.4) ? EventType::info : EventType::ok;
    // The moment at which it happens.
    op.intended = op.invoked + static_cast<Nanos>(rng_.below(9));
    if (op.outcome == EventType::ok) op.intended = std::min(op.intended, op.completed);
    if (op.outcome == EventType::info) op.completed = kNever;
    history.ops.push_back(op);
  }
  [[nodiscard]] ValueId n(std::int64_t number) { return history.values.intern(number); }

  void happen(Op& op) {
    const bool first = rng_.chance(0.5);
    const bool never = op.outcome == EventType::info && rng_.chance(0.5);
    const bool wrong = rng_.chance(0.25);
    const std::int64_t fresh = rng_.chance(0.1) ? next_ : ++next_;
    op.intended = -1;
    if (model_ == "set") return in_set(op, first, never, wrong, fresh);
    if (model_ == "fifo-queue") return in_queue(op, first, never, wrong, fresh);
    if (model_ == "kv") return in_text(op, first, never, wrong, fresh);
    in_registers(op, first, never, wrong, fresh);
  }
  void in_set(Op& op, bool first, bool never, bool wrong, std::int64_t fresh) {
    op.kind = first ? OpKind::add : OpKind::read;
    const bool removes = !first && rng_.chance(0.2);
    if (removes) op.kind = OpKind::remove;
    if (first || removes) {
      const std::int64_t value = first ? fresh : static_cast<std::int64_t>(rng_.below(4));
      op.value = n(value);
      if (!never) first ? (void)object_.set.insert(value) : (void)object_.set.erase(value);
      return;
    }
    if (op.outcome == EventType::info) return;
    std::vector<ValueId> items;
    for (const auto value : object_.set) items.push_back(n(value));
    if (wrong && !items.empty()) items.pop_back();
    op.value = history.values.intern_list(items);
  }
  void in_queue(Op& op, bool first, bool never, bool wrong, std::int64_t fresh) {
    op.kind = first ? OpKind::enqueue : rng_.chance(0.15) ? OpKind::drain : OpKind::dequeue;
    if (first) {
      op.value = n(fresh);
      if (!never) object_.queue.push_back(fresh);
      return;
    }
    if (never) return;
    std::vector<ValueId> taken;
    const std::size_t most = op.kind == OpKind::drain ? object_.queue.size() : 1;
    while (taken.size() < most && !object_.queue.empty()) {
      taken.push_back(n(object_.queue.front()));
      object_.queue.pop_front();
    }
    if (op.outcome == EventType::info) return;
    if (wrong) taken.assign(1, n(fresh));
    op.value = op.kind == OpKind::drain ? history.values.intern_list(taken)
               : taken.empty()          ? kAbsent
                                        : taken.front();
  }
  void in_text(Op& op, bool first, bool never, bool wrong, std::int64_t fresh) {
    const auto quoted = [&](const std::string& text) {
      return history.values.intern_text('"' + text + '"');
    };
    if (first) {
      op.kind = rng_.chance(0.6) ? OpKind::append : OpKind::write;
      const std::string piece = "x" + std::to_string(fresh);
      op.value = quoted(piece);
      if (never) return;
      if (op.kind == OpKind::write) object_.text.clear();
      object_.text += piece;
      return;
    }
    op.kind = OpKind::read;
    if (op.outcome == EventType::info) return;
    std::string text = object_.text;
    if (wrong) text = "x" + std::to_string(fresh);
    op.value = text.empty() ? kAbsent : quoted(text);
  }
  void in_registers(Op& op, bool first, bool never, bool wrong, std::int64_t fresh) {
    op.kind = OpKind::txn;
    op.txn = static_cast<std::uint32_t>(history.txn_ends.size());
    for (std::uint32_t key = 0; key < kKeys; ++key) {
      if (rng_.chance(0.3)) continue;
      Micro micro;
      micro.key = key;
      micro.f = first ? Micro::F::write : Micro::F::read;
      if (first) {
        micro.value = n(fresh);
        if (!never) object_.registers[key] = fresh;
      } else {
        const std::int64_t seen = wrong ? fresh - 1 : object_.registers[key];
        micro.value = op.outcome == EventType::info ? kUnknown : n(seen);
      }
      history.micros.push_back(micro);
    }
    history.txn_ends.push_back(history.micros.size());
  }

  std::string model_;
  Rng& rng_;
  Object object_;
  std::int64_t next_ = 0;
};

std::vector<std::uint32_t> all_of(const History& history, const Machine& machine) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t o = 0; o < history.ops.size(); ++o) {
    if (matters(machine, history.ops[o])) all.push_back(o);
  }
  return all;
}

}  // namespace

TEST_CASE("pending: settled ones change no verdict", "[check][oracle]") {
  const auto seed = static_cast<std::uint64_t>(monotonic_clock().now());
  Rng rng(seed);
  CAPTURE(seed);
  for (const std::string model : {"set", "fifo-queue", "kv", "multi-register"}) {
    int fails = 0;
    int passes = 0;
    std::uint64_t settled = 0;
    std::uint64_t left_out = 0;
    const Rounds rounds(25'000, 2);
    for (std::uint64_t i = 0; rounds.more(i); ++i) {
      const Random random(model, rng);
      const History& history = random.history;
      const auto machine = find_model(model)->make(history);
      const auto all = all_of(history, *machine);
      const bool illegal = brute_force_refutes(history, all, *machine, {machine->initial()});
      const auto found =
          model_search(history, all, *machine, {machine->initial()}, Deadline(Budget{}));
      CAPTURE(model, i);
      REQUIRE((found.outcome == SearchVerdict::Outcome::illegal) == illegal);
      (illegal ? fails : passes) += 1;
      if (illegal) CHECK(history.ops[all[found.stuck]].outcome != EventType::info);
      for (const Nanos end : settle_pending(history, all, *machine).end) {
        settled += end != kNever && end != PendingEnds::kLeftOut ? 1 : 0;
        left_out += end == PendingEnds::kLeftOut ? 1 : 0;
      }
    }
    CAPTURE(model, passes, fails, settled, left_out);
    CHECK(fails > 20);
    CHECK(passes > 20);
    CHECK(settled > 20);
    CHECK(left_out > 20);
  }
}

TEST_CASE("pending: each rule by hand", "[check]") {
  History history;
  history.keys = {"k"};
  const auto op = [&](OpKind kind, Nanos from, Nanos to, ValueId value) {
    Op one;
    one.kind = kind;
    one.key = 0;
    one.invoked = from;
    one.completed = to;
    one.value = value;
    one.outcome = to == kNever ? EventType::info : EventType::ok;
    history.ops.push_back(one);
  };
  const ValueId a = history.values.intern(std::int64_t{1});
  const ValueId b = history.values.intern(std::int64_t{2});
  const ValueId c = history.values.intern(std::int64_t{3});
  op(OpKind::add, 0, kNever, a);  // seen by the read that ends at 30
  op(OpKind::add, 0, kNever, b);  // seen by nobody
  op(OpKind::add, 0, kNever, c);  // left by two
  op(OpKind::add, 5, 9, c);
  op(OpKind::read, 20, 40, history.values.intern_list(std::vector<ValueId>{a, c}));
  op(OpKind::read, 20, 30, history.values.intern_list(std::vector<ValueId>{a, c}));
  op(OpKind::remove, 0, kNever, c);  // leaves no trace
  const auto machine = find_model("set")->make(history);
  const auto pending = settle_pending(history, all_of(history, *machine), *machine);
  CHECK(pending.end[0] == 30);
  CHECK(pending.shown_by[0] == 5);
  CHECK(pending.end[1] == PendingEnds::kLeftOut);
  CHECK(pending.end[2] == kNever);
  CHECK(pending.end[6] == kNever);
}

}  // namespace sunder::check
