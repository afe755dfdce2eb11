// Verdicts by definition: small histories, each with the reason for which it is legal or not.
#include "check/check.hpp"
#include "check/zones.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::Build;

namespace {

void passes(const Build& build, const std::string& method = "Gibbons-Korach zones") {
  const CheckResult result = judge_linearizable(build);
  INFO(result.text << " [" << result.method << "]");
  CHECK((result.verdict == Verdict::pass || result.reason == "vacuous.no_power"));
  CHECK(result.keys.fail == 0);
  CHECK(result.method == method);
}

void fails(const Build& build, std::vector<std::uint32_t> witness,
           const std::string& method = "Gibbons-Korach zones") {
  const CheckResult result = judge_linearizable(build);
  INFO(result.text << " [" << result.method << "]");
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.keys.fail == 1);
  CHECK(result.reason.empty());
  CHECK(result.method == method);
  CHECK(result.witness == witness);
}

}  // namespace

TEST_CASE("registers with unique values", "[check]") {
  passes(Build().write(0, 1, 1).read(2, 3, 1).write(4, 5, 2).read(6, 7, 2));
  SECTION("a read concurrent with a write may see either value") {
    passes(Build().write(0, 1, 1).write(2, 6, 2).read(3, 4, 1).read(7, 8, 2));
    passes(Build().write(0, 1, 1).write(2, 6, 2).read(3, 4, 2).read(5, 8, 2));
  }
  SECTION("stamps that touch are concurrent") {
    passes(Build().write(0, 2, 1).write(2, 4, 2).read(5, 6, 1));
    fails(Build().write(0, 2, 1).write(3, 4, 2).read(5, 6, 1), {0, 1, 2, 3, 4, 5});
  }
  SECTION("a stale read") {
    fails(Build().write(0, 1, 1).write(2, 3, 2).read(4, 5, 1), {0, 1, 2, 3, 4, 5});
  }
  SECTION("once seen, not unseen") {
    fails(Build().write(0, 1, 1).write(2, 9, 2).read(3, 4, 2).read(5, 6, 1),
          {0, 1, 2, 3, 4, 5, 6, 7});
  }
  SECTION("the initial value is a write before all others") {
    passes(Build().read(0, 1, 0).write(2, 3, 1).read(4, 5, 1));
    fails(Build().write(0, 1, 1).read(2, 3, 0), {0, 1, 2, 3});
    passes(Build().initial(5).read(0, 1, 5).write(2, 3, 1).read(4, 5, 1));
    fails(Build().initial(5).read(0, 1, 0), {0, 1});
  }
  SECTION("a value from nowhere, from the future, from a failed write") {
    fails(Build().write(0, 1, 1).read(2, 3, 9), {2, 3});
    fails(Build().read(0, 1, 1).write(2, 3, 1), {0, 1, 2, 3});
    fails(Build().write(0, 1, 1).failed().read(2, 3, 1), {0, 1, 2, 3});
    passes(Build().write(0, 1, 1).failed().read(2, 3, 0));
  }
  SECTION("two reads that see two writes in two orders") {
    fails(Build().write(0, 9, 1).write(0, 9, 2).read(10, 11, 1).read(12, 13, 2),
          {0, 1, 2, 3, 4, 5, 6, 7});
  }
}

TEST_CASE("pending operations may happen late, or never", "[check]") {
  passes(Build().write(0, 1, 1).write(2, 3, 2).pending().read(4, 5, 1).read(90, 91, 1));
  passes(Build().write(0, 1, 1).write(2, 3, 2).pending().read(4, 5, 1).read(90, 91, 2));
  fails(Build().write(0, 1, 1).write(2, 3, 2).pending().read(4, 5, 2).read(90, 91, 1),
        {0, 1, 2, 3, 4, 5, 6, 7});
  fails(Build().read(0, 1, 2).write(2, 3, 2).pending(), {0, 1, 2, 3});
  passes(Build().write(0, 1, 1).read(2, 3, 1).pending());
}

TEST_CASE("chains of cas", "[check]") {
  const std::string chains = "cas chains";
  passes(Build().write(0, 1, 1).cas(2, 3, 1, 2).cas(4, 5, 2, 3).read(6, 7, 3), chains);
  SECTION("one value is taken once") {
    fails(Build().write(0, 1, 1).cas(2, 9, 1, 2).cas(2, 9, 1, 3), {0, 1, 2, 3, 4, 5}, chains);
    fails(Build().cas(2, 9, 0, 2).cas(2, 9, 0, 3), {0, 1, 2, 3}, chains);
  }
  SECTION("nothing may come between") {
    fails(Build().write(0, 1, 1).write(2, 3, 9).cas(4, 5, 1, 2), {0, 1, 2, 3, 4, 5}, chains);
    passes(Build().write(0, 1, 1).write(2, 5, 9).cas(3, 4, 1, 2), chains);
  }
  SECTION("the order of the chain") {
    fails(Build().write(0, 1, 1).cas(2, 3, 1, 2).read(4, 5, 1), {0, 1, 2, 3, 4, 5}, chains);
    fails(Build().cas(0, 1, 2, 3).write(2, 3, 2), {0, 1, 2, 3}, chains);
    fails(Build().cas(0, 1, 1, 2).cas(0, 1, 2, 1), {0, 1, 2, 3}, chains);
  }
  SECTION("pending cas happen if their value was seen, with all that they needed") {
    passes(Build().write(0, 1, 1).cas(2, 3, 1, 2).pending().read(4, 5, 1), "Gibbons-Korach zones");
    passes(Build().write(0, 1, 1).cas(2, 3, 1, 2).pending().cas(2, 3, 2, 3).pending().read(4, 5, 3),
           chains);
    fails(Build()
              .write(0, 1, 1)
              .cas(2, 3, 1, 2)
              .pending()
              .cas(2, 3, 2, 3)
              .pending()
              .read(4, 5, 3)
              .read(6, 7, 1),
          {0, 1, 4, 5, 6, 7, 8, 9}, chains);  // stale, whatever the first cas did
    fails(Build().cas(0, 1, 7, 2).pending().read(2, 3, 2), {0, 1, 2, 3});
  }
  SECTION("a cas to the same value is a read") {
    passes(Build().write(0, 1, 1).cas(2, 3, 1, 1).read(4, 5, 1));
    fails(Build().write(0, 1, 1).cas(2, 3, 2, 2), {2, 3});
  }
  SECTION("failed for another reason than a mismatch: nothing is known") {
    passes(Build().write(0, 1, 1).cas(2, 3, 9, 2).failed().read(4, 5, 1));
    fails(Build().write(0, 1, 1).cas(2, 3, 1, 2).failed().read(4, 5, 2), {2, 3, 4, 5});
  }
}

TEST_CASE("a mismatch is an observation", "[check]") {
  passes(Build().write(0, 1, 1).cas(2, 3, 7, 8).mismatch(1));
  fails(Build().write(0, 1, 1).cas(2, 3, 7, 8).mismatch(2), {2, 3});
  fails(Build().write(0, 1, 1).write(2, 3, 2).cas(4, 5, 7, 8).mismatch(1), {0, 1, 2, 3, 4, 5});
  fails(Build().write(0, 1, 1).cas(2, 3, 1, 8).mismatch(1), {2, 3});  // what it expected
}

TEST_CASE("a mismatch that does not tell what was there", "[check]") {
  const std::string searched = "just-in-time search";
  passes(Build().write(0, 1, 1).cas(2, 3, 7, 8).mismatch());  // 7 was never there
  passes(Build().write(0, 1, 1).write(0, 5, 2).cas(2, 3, 1, 8).mismatch().read(6, 7, 2), searched);
  SECTION("seen before and after, so it was there") {
    const auto before = [] {
      return Build().write(0, 1, 1).write(2, 9, 2).cas(3, 4, 1, 8).mismatch();
    };
    fails(before().read(5, 6, 1), {0, 1, 4, 5, 6, 7});
    fails(before().cas(5, 6, 1, 3), {0, 1, 4, 5, 6, 7}, "cas chains");
    passes(before().read(5, 6, 2), searched);
  }
  SECTION("nothing else was ever written") {
    fails(Build().write(0, 1, 1).cas(2, 3, 1, 8).mismatch(), {0, 1, 2, 3}, searched);
    passes(Build().write(0, 1, 1).write(0, 1, 2).pending().cas(2, 3, 1, 8).mismatch(), searched);
  }
}

TEST_CASE("repeated values are searched", "[check]") {
  const std::string searched = "just-in-time search";
  passes(Build().write(0, 1, 1).write(2, 3, 2).write(4, 5, 1).read(6, 7, 1), searched);
  fails(Build().write(0, 1, 1).write(2, 3, 2).write(4, 5, 1).read(6, 7, 2).read(8, 9, 1),
        {2, 3, 4, 5, 6, 7}, searched);
  // One write of 1 shows where the value came from; the other was surely overwritten as well.
  fails(Build().write(0, 1, 1).write(2, 3, 1).write(4, 5, 2).write(4, 5, 2).read(6, 7, 1),
        {2, 3, 6, 7, 8, 9}, searched);
  SECTION("unless the unique values alone prove it") {
    fails(Build().write(0, 9, 1).write(0, 9, 1).read(0, 9, 1).write(0, 1, 2).write(2, 3, 3).read(
              4, 5, 2),
          {6, 7, 8, 9, 10, 11});
  }
  SECTION("but not where nobody observes them") {
    passes(Build().write(0, 1, 1).write(2, 3, 1).write(4, 5, 2).read(6, 7, 2));
  }
}

TEST_CASE("keys are judged apart, and merged", "[check]") {
  Build build;
  build.write(0, 1, 1).read(2, 3, 1).write(0, 1, 1).key("b").read(2, 3, 0).key("b");
  build.write(0, 1, 1).key("c").read(2, 3, 7).key("c");
  const CheckResult result = judge_linearizable(build);
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.keys.pass == 1);
  CHECK(result.keys.fail == 2);
  CHECK(result.key == "b");
  CHECK(result.witness == std::vector<std::uint32_t>{4, 5, 6, 7});
  CHECK(result.power == 3);
}

TEST_CASE("keys on several threads are judged as on one", "[check]") {
  Build build;
  for (int k = 0; k < 40; ++k) {
    const std::string key = "k" + std::to_string(k);
    build.write(0, 1, 1).key(key).write(2, 3, 2).key(key);
    build.read(4, 5, k % 7 == 3 ? 1 : 2).key(key);
  }
  const CheckResult one = check_linearizable(build.history, Budget{}, {}, 1);
  const CheckResult many = check_linearizable(build.history, Budget{}, {}, 4);
  CHECK(one.keys.fail == 6);
  CHECK(many.keys.fail == one.keys.fail);
  CHECK(many.keys.pass == one.keys.pass);
  CHECK(many.witness == one.witness);
  CHECK(many.text == one.text);
}

TEST_CASE("zones stop when the time is over", "[check]") {
  const Build build = Build().write(0, 1, 1).read(2, 3, 1);
  const auto keys = register_keys(build.history);
  Budget none;
  none.seconds = 0;
  const Deadline over(none);
  CHECK(judge_zones(keys[0].ops, keys[0].initial, &over).stopped == std::string("budget.time"));
  CHECK(judge_zones(keys[0].ops, keys[0].initial).stopped == nullptr);
  CHECK(judge_zones(keys[0].ops, keys[0].initial).legal);
}

TEST_CASE("what can't be judged is unknown, with the reason", "[check]") {
  SECTION("no observation after an acknowledged write") {
    const CheckResult result =
        judge_linearizable(Build().read(0, 1, 0).write(2, 3, 1).write(4, 5, 2));
    CHECK(result.verdict == Verdict::unknown);
    CHECK(result.reason == "vacuous.no_power");
    CHECK(judge_linearizable(Build()).reason == "vacuous.no_power");
  }
  SECTION("another data type in the same key") {
    Build build;
    build.write(0, 1, 1).read(2, 3, 5).write(4, 5, 1);
    build.history.ops.back().kind = OpKind::other;
    const CheckResult result = judge_linearizable(build);
    CHECK(result.verdict == Verdict::unknown);
    CHECK(result.reason == "input");
  }
  SECTION("interrupted") {
    const std::atomic<bool> interrupted{true};
    Budget budget;
    budget.interrupted = &interrupted;
    const CheckResult result =
        check_linearizable(Build().write(0, 1, 1).read(2, 3, 1).history, budget);
    CHECK(result.verdict == Verdict::unknown);
    CHECK(result.reason == "interrupted");
    CHECK(result.keys.unknown == 1);
  }
}

TEST_CASE("a history that does not fit into the memory allowed is undecided at once", "[check]") {
  const auto build = Build().write(0, 1, 1).read(2, 3, 1).write(4, 5, 2).read(6, 7, 1);
  Budget budget;
  budget.memory_bytes = 100;
  const CheckResult result = check_linearizable(build.history, budget);
  CHECK(result.verdict == Verdict::unknown);
  CHECK(result.reason == "budget.memory");
  CHECK(check_linearizable(build.history, Budget{}).verdict == Verdict::fail);
}
