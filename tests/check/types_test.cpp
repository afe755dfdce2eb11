// set, queue, counter, bank and lock: from their definitions by hand, and against search over the models.
#include <cstdio>
#include <random>

#include "check/check_kind.hpp"
#include "check/models/model.hpp"
#include "check/search/model_search.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check {

namespace {

class Types {
 public:
  Types() { history.keys = {""}; }

  Types& op(OpKind kind, Nanos from, Nanos to, ValueId value, std::int32_t process = -1) {
    Op one;
    one.kind = kind;
    one.invoked = from;
    one.completed = to;
    one.outcome = EventType::ok;
    one.key = 0;
    one.value = value;
    const auto count = static_cast<std::uint32_t>(history.ops.size());
    one.process = process >= 0 ? process : static_cast<std::int32_t>(100 + count);
    one.invoke_event = 2 * count;
    one.complete_event = 2 * count + 1;
    history.ops.push_back(one);
    return *this;
  }
  Types& op(OpKind kind, Nanos from, Nanos to, std::initializer_list<int> list) {
    return op(kind, from, to, items(list));
  }
  Types& outcome(EventType type) {
    history.ops.back().outcome = type;
    return *this;
  }
  ValueId n(std::int64_t number) { return history.values.intern(number); }
  ValueId items(std::vector<int> list) {
    std::vector<ValueId> ids;
    for (const int i : list) ids.push_back(n(i));
    return history.values.intern_list(ids);
  }
  [[nodiscard]] CheckResult judge(const char* name) const {
    const std::vector<FaultWindow> none;
    return find_check(name)->run({history, {}, none, 1, ""});
  }

  History history;
};

using K = OpKind;

void expect(const CheckResult& result, Verdict verdict, std::size_t events = 0) {
  INFO(result.text);
  CHECK(result.verdict == verdict);
  CHECK(result.witness.size() == events);
  CHECK(!result.text.empty());
  CHECK((result.power > 0 || result.verdict != Verdict::pass));
}

// True where some order of the operations is legal.
bool legal(const History& history, const char* model) {
  std::vector<std::uint32_t> all(history.ops.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  std::stable_sort(all.begin(), all.end(), [&](std::uint32_t a, std::uint32_t b) {
    return history.ops[a].invoked < history.ops[b].invoked;
  });
  const auto machine = find_model(model)->make(history);
  const auto verdict =
      model_search(history, all, *machine, {machine->initial()}, Deadline(Budget{}));
  REQUIRE(verdict.outcome != SearchVerdict::Outcome::unknown);
  return verdict.outcome == SearchVerdict::Outcome::legal;
}

}  // namespace

TEST_CASE("types: sentences say how long after which acknowledgement", "[check]") {
  constexpr Nanos kMs = kMillisecond;
  SECTION("set") {
    Types set;
    set.op(K::add, 0, kMs, set.n(1)).op(K::read, 400 * kMs, 413 * kMs, {});
    CHECK(set.judge("set").text ==
          "process 101 at 0.413 s answered a read that had lost 1, 412 ms after its addition had "
          "been "
          "acknowledged by process 100 at 0.001 s.");
  }
  SECTION("queue") {
    Types queue;
    queue.op(K::enqueue, 0, kMs, queue.n(1)).op(K::enqueue, 2 * kMs, 3 * kMs, queue.n(2));
    queue.op(K::dequeue, 400 * kMs, 413 * kMs, queue.n(2));
    CHECK(queue.judge("queue").text ==
          "process 102 at 0.413 s handed out 2, 412 ms after the enqueue of 1 had been "
          "acknowledged by "
          "process 100 at 0.001 s, before that of 2 was asked; 1 never came out.");
  }
  SECTION("counter") {
    Types counter;
    counter.op(K::increment, 0, kMs, counter.n(5));
    counter.op(K::read, 400 * kMs, 413 * kMs, counter.n(0));
    CHECK(counter.judge("counter").text ==
          "process 101 at 0.413 s answered a read with 0, 412 ms after the addition of 5 had been "
          "acknowledged by process 100 at 0.001 s; at least 5 had surely been reached by then.");
  }
}

TEST_CASE("set: by hand") {
  Types t;
  t.op(K::add, 0, 1, t.n(1)).op(K::add, 2, 3, t.n(2));
  SECTION("all there") {
    expect(t.op(K::read, 4, 5, {2, 1}).judge("set"), Verdict::pass);
  }
  SECTION("lost") {
    expect(t.op(K::read, 4, 5, {1}).judge("set"), Verdict::fail, 4);
  }
  SECTION("thin air") {
    expect(t.op(K::read, 4, 5, {1, 2, 3}).judge("set"), Verdict::fail, 2);
  }
  SECTION("twice") {
    expect(t.op(K::read, 4, 5, {1, 2, 2}).judge("set"), Verdict::fail, 2);
  }
  SECTION("failed") {
    t.op(K::add, 4, 5, t.n(3)).outcome(EventType::fail);
    expect(t.op(K::read, 6, 7, {1, 2, 3}).judge("set"), Verdict::fail, 2);
  }
  SECTION("fork") {
    t.op(K::add, 4, 20, t.n(3)).op(K::add, 4, 20, t.n(4));
    t.op(K::read, 6, 7, {1, 2, 3}).op(K::read, 6, 7, {1, 2, 4});
    expect(t.judge("set"), Verdict::fail, 8);
  }
  SECTION("removed") {
    t.op(K::remove, 4, 5, t.n(1));
    SECTION("gone") {
      expect(t.op(K::read, 6, 7, {2}).judge("set"), Verdict::pass);
    }
    SECTION("back") {
      expect(t.op(K::read, 6, 7, {1, 2}).judge("set"), Verdict::fail, 6);
    }
  }
  SECTION("nothing read") {
    const auto result = t.judge("set");
    expect(result, Verdict::unknown);
    CHECK(result.reason == "vacuous.no_power");
  }
}

TEST_CASE("queue: by hand") {
  Types t;
  t.op(K::enqueue, 0, 1, t.n(1)).op(K::enqueue, 2, 3, t.n(2));
  SECTION("in order") {
    t.op(K::dequeue, 4, 5, t.n(1));
    expect(t.op(K::drain, 6, 7, {2}).judge("queue"), Verdict::pass);
  }
  SECTION("out of order") {
    t.op(K::dequeue, 4, 5, t.n(2));
    expect(t.op(K::dequeue, 6, 7, t.n(1)).judge("queue"), Verdict::fail, 8);
  }
  SECTION("lost") {
    t.op(K::dequeue, 4, 5, t.n(1));
    expect(t.op(K::drain, 6, 7, std::initializer_list<int>{}).judge("queue"), Verdict::fail, 4);
  }
  SECTION("invented") {
    expect(t.op(K::dequeue, 4, 5, t.n(9)).judge("queue"), Verdict::fail, 2);
  }
  SECTION("duplicated") {
    t.op(K::dequeue, 4, 5, t.n(1));
    expect(t.op(K::dequeue, 6, 7, t.n(1)).judge("queue"), Verdict::fail, 6);
  }
  SECTION("drained in the wrong order") {
    expect(t.op(K::drain, 4, 5, {2, 1}).judge("queue"), Verdict::fail, 6);
  }
  SECTION("nothing taken") {
    CHECK(t.judge("queue").reason == "vacuous.no_power");
  }
}

TEST_CASE("counter: by hand") {
  Types t;
  t.op(K::increment, 0, 1, t.n(2)).op(K::increment, 2, 3, t.n(3));
  SECTION("exact") {
    expect(t.op(K::read, 4, 5, t.n(5)).judge("counter"), Verdict::pass);
  }
  SECTION("too low") {
    expect(t.op(K::read, 4, 5, t.n(4)).judge("counter"), Verdict::fail, 6);
  }
  SECTION("too high") {
    expect(t.op(K::read, 4, 5, t.n(6)).judge("counter"), Verdict::fail, 2);
  }
  SECTION("unknown outcome") {
    t.op(K::increment, 4, kNever, t.n(10)).outcome(EventType::info);
    SECTION("applied") {
      expect(t.op(K::read, 6, 7, t.n(15)).judge("counter"), Verdict::pass);
    }
    SECTION("not") {
      expect(t.op(K::read, 6, 7, t.n(5)).judge("counter"), Verdict::pass);
    }
    SECTION("seen, then gone") {
      t.op(K::read, 6, 7, t.n(15)).op(K::read, 8, 9, t.n(5));
      expect(t.judge("counter"), Verdict::fail, 4);
    }
  }
  SECTION("subtracted") {
    t.op(K::increment, 4, 5, t.n(-1));
    SECTION("seen") {
      expect(t.op(K::read, 6, 7, t.n(4)).judge("counter"), Verdict::pass);
    }
    SECTION("missed") {
      expect(t.op(K::read, 6, 7, t.n(5)).judge("counter"), Verdict::fail, 4);
    }
  }
  SECTION("nothing read") {
    CHECK(t.judge("counter").reason == "vacuous.no_power");
  }
}

TEST_CASE("bank: by hand") {
  Types t;
  const auto map = [&](const char* text) { return t.history.values.intern_text(text); };
  t.op(K::transfer, 0, 1, map(R"({"amount":5,"from":0,"to":1})"));
  SECTION("alone") {
    CHECK(t.judge("bank").reason == "vacuous.no_power");
  }
  SECTION("with reads") {
    t.op(K::read, 2, 3, map(R"({"0":5,"1":15})")).op(K::read, 4, 5, map(R"({"0":25,"1":-5})"));
    SECTION("equal") {
      const auto result = t.judge("bank");
      expect(result, Verdict::pass);
      CHECK(result.measured == R"({"reads":2,"negative":1})");
    }
    SECTION("money made") {
      expect(t.op(K::read, 6, 7, map(R"({"0":10,"1":15})")).judge("bank"), Verdict::fail, 4);
    }
    SECTION("account missing") {
      expect(t.op(K::read, 6, 7, map(R"({"0":20})")).judge("bank"), Verdict::fail, 4);
    }
    SECTION("no balance") {
      expect(t.op(K::read, 6, 7, map(R"({"0":20,"1":null})")).judge("bank"), Verdict::fail, 2);
    }
  }
}

TEST_CASE("lock: by hand") {
  Types t;
  t.op(K::acquire, 0, 1, t.n(1), 1);
  SECTION("alone") {
    CHECK(t.judge("lock").reason == "vacuous.no_power");
  }
  SECTION("one after the other") {
    t.op(K::release, 2, 5, kAbsent, 1).op(K::acquire, 3, 4, t.n(2), 2);
    expect(t.judge("lock"), Verdict::pass);
  }
  SECTION("both") {
    t.op(K::acquire, 2, 3, t.n(2), 2)
        .op(K::release, 4, 5, kAbsent, 1)
        .op(K::release, 6, 7, kAbsent, 2);
    expect(t.judge("lock"), Verdict::fail, 6);
  }
  SECTION("never given back") {
    expect(t.op(K::acquire, 2, 3, t.n(2), 2).judge("lock"), Verdict::fail, 4);
  }
  SECTION("it had ended by itself, as its holder was told") {
    t.op(K::release, 2, 3, kAbsent, 1).outcome(EventType::fail);
    t.history.ops.back().error = OpErrorClass::mismatch;
    t.op(K::acquire, 4, 5, t.n(2), 2);
    expect(t.judge("lock"), Verdict::pass);
  }
  SECTION("a release that was never sent ends nothing") {
    t.op(K::release, 2, 3, kAbsent, 1).outcome(EventType::fail);
    t.history.ops.back().error = OpErrorClass::not_sent;
    t.op(K::acquire, 4, 5, t.n(2), 2);
    expect(t.judge("lock"), Verdict::fail, 4);
  }
  SECTION("it had ended by itself, and was given away before its holder asked") {
    t.op(K::acquire, 2, 3, t.n(2), 2).op(K::release, 4, 5, kAbsent, 1).outcome(EventType::fail);
    t.history.ops.back().error = OpErrorClass::mismatch;
    expect(t.judge("lock"), Verdict::fail, 6);
  }
  SECTION("token goes back") {
    t.op(K::release, 2, 3, kAbsent, 1).op(K::acquire, 4, 5, t.n(1), 2);
    expect(t.judge("lock"), Verdict::fail, 4);
  }
}

TEST_CASE("set, queue and lock agree with search, the counter is never stricter", "[oracle]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 dice(seed);
  const auto upto = [&](int n) { return static_cast<int>(dice() % static_cast<unsigned>(n)); };
  int fails[4] = {0, 0, 0, 0};
  const Rounds rounds(12'000);
  int round = 0;
  for (; rounds.more(static_cast<std::uint64_t>(round)); ++round) {
    Types set;
    Types queue;
    Types counter;
    Types lock;
    std::vector<Nanos> free(4, 0);
    std::vector<bool> holds(4, false);
    for (int i = 0; i < 6; ++i) {
      const auto p = static_cast<std::size_t>(upto(3));
      const Nanos from = free[p] + upto(3) + 1;
      const Nanos to = from + upto(5);
      free[p] = to + 1;
      if (i % 2 == 0) set.op(K::add, from, to, set.n(i));
      if (i % 2 == 1) {
        std::vector<int> seen;
        for (int e = 0; e < 6; e += 2) {
          if (upto(3) > 0) seen.push_back(e);
        }
        set.op(K::read, from, to, set.items(seen));
      }
      if (i < 3) {
        queue.op(K::enqueue, from, to, queue.n(i));
        counter.op(K::increment, from, to, counter.n(upto(4) - (round % 2)));
      } else {
        queue.op(K::dequeue, from, to, upto(4) == 0 ? kAbsent : queue.n(upto(3)));
        counter.op(K::read, from, to, counter.n(upto(6)));
      }
      const auto process = static_cast<std::int32_t>(p);
      lock.op(holds[p] ? K::release : K::acquire, from, to, kAbsent, process);
      holds[p] = !holds[p];
    }
    for (Types* t : {&set, &queue}) {
      const char* name = t == &set ? "set" : "queue";
      const auto result = t->judge(name);
      INFO(name << " round " << round << ": " << result.text);
      REQUIRE((result.verdict == Verdict::fail) ==
              !legal(t->history, t == &set ? "set" : "fifo-queue"));
      fails[t == &set ? 0 : 1] += result.verdict == Verdict::fail ? 1 : 0;
    }
    const auto count = counter.judge("counter");
    INFO("counter round " << round << ": " << count.text);
    if (count.verdict == Verdict::fail) REQUIRE(!legal(counter.history, "counter"));
    fails[2] += count.verdict == Verdict::fail ? 1 : 0;
    const auto held = lock.judge("lock");
    INFO("lock round " << round << ": " << held.text);
    REQUIRE((held.verdict == Verdict::fail) == !legal(lock.history, "mutex"));
    fails[3] += held.verdict == Verdict::fail ? 1 : 0;
  }
  for (const int count : fails) {
    CHECK(count > round / 100);
    CHECK(count < round);
  }
  std::printf("types: seed %u, %d histories each, fail: set %d, queue %d, counter %d, lock %d\n",
              seed, round, fails[0], fails[1], fails[2], fails[3]);
}

}  // namespace sunder::check
