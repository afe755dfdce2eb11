// Every model: the engine against brute force on random small histories, and each data type's rules by hand.
#include <set>

#include "check/model_check.hpp"
#include "check/models/model.hpp"
#include "check/search/model_search.hpp"
#include "sunder/rng.hpp"
#include "sunder/time.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check {
namespace {

// Histories of any kind of operation on one key, by hand.
class Ops {
 public:
  Ops() { history.keys = {"k"}; }
  Ops& op(OpKind kind, Nanos from, Nanos to, ValueId value, EventType outcome = EventType::ok) {
    Op out;
    out.kind = kind;
    out.invoked = from;
    out.completed = outcome == EventType::info ? kNever : to;
    out.outcome = outcome;
    out.value = value;
    out.key = 0;
    out.process = static_cast<std::int32_t>(history.ops.size());
    out.invoke_event = static_cast<std::uint32_t>(2 * history.ops.size());
    out.complete_event = outcome == EventType::info ? kNone : out.invoke_event + 1;
    history.ops.push_back(out);
    return *this;
  }
  ValueId n(std::int64_t number) { return history.values.intern(number); }
  ValueId text(const std::string& json) { return history.values.intern_text(json); }
  ValueId list(std::vector<std::int64_t> numbers) {
    std::vector<ValueId> ids;
    for (const auto number : numbers) ids.push_back(n(number));
    return history.values.intern_list(ids);
  }
  CheckResult judge(const char* model) {
    static const std::vector<FaultWindow> none;
    return check_model({history, Budget{}, none, 1, model}, *find_model(model));
  }
  History history;
};

// A random small history that the model knows; answers are drawn from few values, so that both verdicts come up.
Ops random_ops(const std::string& model, Rng& rng) {
  Ops out;
  const auto count = 2 + rng.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto from = static_cast<Nanos>(rng.below(12));
    const auto to = from + static_cast<Nanos>(1 + rng.below(6));
    const auto outcome = rng.chance(0.15) ? EventType::info : EventType::ok;
    const auto small = [&] { return static_cast<std::int64_t>(rng.below(3)); };
    const bool first = rng.chance(0.5);
    const auto unknown = [&](ValueId value) {
      return outcome == EventType::info ? kUnknown : value;
    };
    if (model == "mutex") {
      out.op(first ? OpKind::acquire : OpKind::release, from, to, kUnknown, outcome);
    } else if (model == "counter") {
      first ? out.op(OpKind::increment, from, to, out.n(1 + small()), outcome)
            : out.op(OpKind::read, from, to, unknown(out.n(2 * small())), outcome);
    } else if (model == "set") {
      const std::vector<std::vector<std::int64_t>> reads{{}, {0}, {1}, {0, 1}, {1, 0}};
      if (rng.chance(0.4)) {
        out.op(OpKind::read, from, to, unknown(out.list(reads[rng.below(reads.size())])), outcome);
      } else {
        out.op(first ? OpKind::add : OpKind::remove, from, to, out.n(small() % 2), outcome);
      }
    } else if (model == "fifo-queue") {
      first ? out.op(OpKind::enqueue, from, to, out.n(small()), outcome)
            : out.op(OpKind::dequeue, from, to, unknown(rng.chance(0.2) ? kAbsent : out.n(small())),
                     outcome);
    } else {
      const std::vector<const char*> texts{"\"\"", "\"a\"", "\"b\"", "\"ab\"", "\"ba\""};
      if (rng.chance(0.4)) {
        out.op(OpKind::read, from, to, unknown(out.text(texts[rng.below(texts.size())])), outcome);
      } else {
        out.op(first ? OpKind::append : OpKind::write, from, to, out.text(texts[1 + rng.below(2)]),
               outcome);
      }
    }
  }
  if (model == "kv") out.history.initial = out.text("\"\"");
  return out;
}

}  // namespace

TEST_CASE("models: the engine says what brute force says, and witnesses are illegal",
          "[check][oracle]") {
  const auto seed = static_cast<std::uint64_t>(monotonic_clock().now());
  Rng rng(seed);
  CAPTURE(seed);
  for (const std::string model : {"kv", "mutex", "counter", "set", "fifo-queue"}) {
    int fails = 0;
    int passes = 0;
    const Rounds rounds(25'000, 2);
    for (std::uint64_t i = 0; rounds.more(i); ++i) {
      Ops ops = random_ops(model, rng);
      const auto machine = find_model(model)->make(ops.history);
      std::vector<std::uint32_t> all;
      for (std::uint32_t o = 0; o < ops.history.ops.size(); ++o) {
        if (matters(*machine, ops.history.ops[o])) all.push_back(o);
      }
      std::stable_sort(all.begin(), all.end(), [&](auto a, auto b) {
        return ops.history.ops[a].invoked < ops.history.ops[b].invoked;
      });
      const bool illegal = brute_force_refutes(ops.history, all, *machine, {machine->initial()});
      const CheckResult result = ops.judge(model.c_str());
      CAPTURE(model, i);
      REQUIRE((result.verdict == Verdict::fail) == illegal);
      const auto broad = model_search(ops.history, all, *machine, {machine->initial()},
                                      Deadline(Budget{}), SearchWay::breadth_first);
      const auto deep = model_search(ops.history, all, *machine, {machine->initial()},
                                     Deadline(Budget{}), SearchWay::depth_first);
      REQUIRE((broad.outcome == SearchVerdict::Outcome::illegal) == illegal);
      REQUIRE((deep.outcome == SearchVerdict::Outcome::illegal) == illegal);
      if (illegal) {
        REQUIRE(deep.stuck == broad.stuck);
        REQUIRE(deep.quiet_at == broad.quiet_at);
        auto states = deep.quiet_states;
        auto same = broad.quiet_states;
        std::sort(states.begin(), states.end());
        std::sort(same.begin(), same.end());
        same.erase(std::unique(same.begin(), same.end()), same.end());
        REQUIRE(states == same);
      }
      (illegal ? fails : passes) += 1;
      if (illegal) REQUIRE_FALSE(result.witness.empty());
    }
    INFO(model << ": " << passes << " legal, " << fails << " illegal");
    CHECK(fails > 50);
    CHECK(passes > 50);
  }
}

TEST_CASE("models: each rule by hand", "[check]") {
  SECTION("mutex: two holders at once") {
    Ops ops;
    ops.op(OpKind::acquire, 0, 1, kUnknown).op(OpKind::acquire, 2, 3, kUnknown);
    CHECK(ops.judge("mutex").verdict == Verdict::fail);
  }
  SECTION("mutex: a release without an answer frees it") {
    Ops ops;
    ops.op(OpKind::acquire, 0, 1, kUnknown)
        .op(OpKind::release, 2, 3, kUnknown, EventType::info)
        .op(OpKind::acquire, 4, 5, kUnknown);
    CHECK(ops.judge("mutex").verdict != Verdict::fail);
  }
  SECTION("queue: first in, first out") {
    Ops ops;
    ops.op(OpKind::enqueue, 0, 1, ops.n(1)).op(OpKind::enqueue, 2, 3, ops.n(2));
    ops.op(OpKind::dequeue, 4, 5, ops.n(2));
    const auto result = ops.judge("fifo-queue");
    CHECK(result.verdict == Verdict::fail);
    CHECK(result.witness.size() == 6);
  }
  SECTION("queue: empty although one is inside") {
    Ops ops;
    ops.op(OpKind::enqueue, 0, 1, ops.n(1)).op(OpKind::dequeue, 2, 3, kAbsent);
    CHECK(ops.judge("fifo-queue").verdict == Verdict::fail);
  }
  SECTION("counter: an acknowledged increment is seen") {
    Ops ops;
    ops.op(OpKind::increment, 0, 1, ops.n(3)).op(OpKind::read, 2, 3, ops.n(0));
    CHECK(ops.judge("counter").verdict == Verdict::fail);
  }
  SECTION("set: a removed element is gone, in any order of reading") {
    Ops ops;
    ops.op(OpKind::add, 0, 1, ops.n(1)).op(OpKind::add, 2, 3, ops.n(2));
    ops.op(OpKind::read, 4, 5, ops.list({2, 1}));
    CHECK(ops.judge("set").verdict == Verdict::pass);
    ops.op(OpKind::remove, 6, 7, ops.n(1)).op(OpKind::read, 8, 9, ops.list({1, 2}));
    CHECK(ops.judge("set").verdict == Verdict::fail);
  }
  SECTION("kv: appends to a list and to a text") {
    Ops ops;
    ops.op(OpKind::append, 0, 1, ops.n(1)).op(OpKind::append, 2, 3, ops.n(2));
    ops.op(OpKind::read, 4, 5, ops.list({1, 2}));
    CHECK(ops.judge("kv").verdict == Verdict::pass);
    ops.op(OpKind::read, 6, 7, ops.list({2, 1}));
    CHECK(ops.judge("kv").verdict == Verdict::fail);
  }
  SECTION("nothing observed: vacuous") {
    Ops ops;
    ops.op(OpKind::enqueue, 0, 1, ops.n(1));
    const auto result = ops.judge("fifo-queue");
    CHECK(result.verdict == Verdict::unknown);
    CHECK(result.reason == "vacuous.no_power");
  }
}

TEST_CASE("models: the one that fits the operations is taken", "[check]") {
  Ops ops;
  ops.op(OpKind::add, 0, 1, ops.n(1)).op(OpKind::read, 2, 3, ops.n(1));
  CHECK(std::string(model_of(ops.history)->name) == "counter");
  Ops set;
  set.op(OpKind::add, 0, 1, set.n(1)).op(OpKind::read, 2, 3, set.list({1}));
  CHECK(std::string(model_of(set.history)->name) == "set");
  Ops mixed;
  mixed.op(OpKind::add, 0, 1, mixed.n(1)).op(OpKind::acquire, 2, 3, kUnknown);
  CHECK(model_of(mixed.history) == nullptr);
  std::set<std::string> names;
  for (const Model* model : all_models()) CHECK(names.insert(model->name).second);
}

}  // namespace sunder::check
