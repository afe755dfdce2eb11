// long-fork: by hand, and against every order of the writes.
#include <algorithm>
#include <random>
#include <vector>

#include "check/check_kind.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check {

namespace {

struct Saw {
  std::uint32_t key;
  bool written;
};

class Reads {
 public:
  Reads() { history.keys = {"a", "b", "c", "d"}; }

  Reads& read(const std::vector<Saw>& all) { return txn(Micro::F::read, all); }
  Reads& write(std::uint32_t key) { return txn(Micro::F::write, {{key, true}}); }
  Reads& unanswered() {
    history.ops.back().outcome = EventType::info;
    return *this;
  }
  [[nodiscard]] CheckResult judge() const {
    const std::vector<FaultWindow> none;
    return find_check("long-fork")->run({history, {}, none, 1, ""});
  }

  History history;

 private:
  Reads& txn(Micro::F f, const std::vector<Saw>& all) {
    Op op;
    op.kind = OpKind::txn;
    op.txn = static_cast<std::uint32_t>(history.txn_ends.size());
    op.invoked = 10 * op.txn;
    op.completed = op.invoked + 5;
    op.outcome = EventType::ok;
    op.key = 0;
    op.process = static_cast<std::int32_t>(op.txn % 3);
    op.invoke_event = 2 * op.txn;
    op.complete_event = 2 * op.txn + 1;
    const ValueId one = history.values.intern(1);
    for (const Saw& saw : all) {
      history.micros.push_back({f, saw.key, saw.written ? one : kAbsent});
    }
    history.txn_ends.push_back(history.micros.size());
    history.ops.push_back(op);
    return *this;
  }
};

// Some order of the four writes puts every read somewhere.
bool some_order(const History& history) {
  std::vector<std::uint32_t> order{0, 1, 2, 3};
  do {
    const bool all = std::all_of(history.ops.begin(), history.ops.end(), [&](const Op& op) {
      for (std::size_t done = 0; done <= order.size(); ++done) {  // so many writes were there
        const auto micros = history.txn(op.txn);
        const bool here = std::all_of(micros.begin(), micros.end(), [&](const Micro& m) {
          const auto end = order.begin() + static_cast<std::ptrdiff_t>(done);
          return (std::find(order.begin(), end, m.key) != end) == (m.value != kAbsent);
        });
        if (here) return true;
      }
      return false;
    });
    if (all) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

}  // namespace

TEST_CASE("long-fork: by hand") {
  Reads t;
  SECTION("all on one line") {
    t.write(0).write(1).read({{0, true}, {1, false}}).read({{0, true}, {1, true}});
    CHECK(t.judge().verdict == Verdict::pass);
    CHECK(t.judge().power == 1);
    CHECK(default_checks(t.history).front()->name == std::string("long-fork"));
  }
  SECTION("two readers, two orders") {
    t.write(0).write(1).read({{0, true}, {1, false}}).read({{0, false}, {1, true}});
    const CheckResult result = t.judge();
    CHECK(result.verdict == Verdict::fail);
    CHECK(result.witness == std::vector<std::uint32_t>{4, 5, 6, 7});
    CHECK(result.text.find("no order of the writes of") != std::string::npos);
  }
  SECTION("a fork of three") {
    t.read({{0, true}, {1, false}}).read({{1, true}, {2, false}}).read({{2, true}, {0, false}});
    CHECK(t.judge().verdict == Verdict::fail);
    CHECK(t.judge().witness.size() == 6);
  }
  SECTION("a read without an answer saw nothing") {
    t.read({{0, true}, {1, false}}).read({{0, false}, {1, true}}).unanswered();
    CHECK(t.judge().verdict == Verdict::unknown);
    CHECK(t.judge().reason == "vacuous.no_power");
  }
  SECTION("out of time") {
    Budget none;
    none.seconds = 0;
    t.read({{0, true}, {1, false}});
    const std::vector<FaultWindow> calm;
    CHECK(find_check("long-fork")->run({t.history, none, calm, 1, ""}).reason == "budget.time");
  }
  SECTION("not for keys that are written twice") {
    t.read({{0, true}, {1, true}});
    CHECK(find_check("long-fork")->applies(t.history));
    t.history.micros.back().value = t.history.values.intern(2);
    t.read({{0, true}, {1, true}});
    CHECK_FALSE(find_check("long-fork")->applies(t.history));
  }
}

TEST_CASE("long-fork: every order tried agrees", "[oracle]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 dice(seed);
  const Rounds rounds(5000);
  std::uint64_t round = 0;
  std::uint64_t fails = 0;
  for (; rounds.more(round); ++round) {
    Reads t;
    for (int i = 0; i < 5; ++i) {
      std::vector<Saw> all;
      for (std::uint32_t key = 0; key < 4; ++key) {
        if (dice() % 2 == 0) all.push_back({key, dice() % (key + 2) != 0});
      }
      if (all.size() > 1) t.read(all);
    }
    if (t.history.ops.empty()) continue;
    const CheckResult result = t.judge();
    INFO("round " << round << ": " << result.text);
    REQUIRE((result.verdict == Verdict::fail) == !some_order(t.history));
    fails += result.verdict == Verdict::fail ? 1 : 0;
  }
  CHECK(fails > round / 20);
  CHECK(fails < round);
}

}  // namespace sunder::check
