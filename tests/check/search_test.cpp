// The search's budget, and its masks beyond one word.
#include "check/search/search.hpp"

#include "check/brute_force.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::Build;
using sunder::check::test::crowd;

namespace {

// A crowd, and at the end another read that no order explains.
Build hard(int writers) {
  Build build = crowd(writers);
  build.read(103, 104, 61);
  return build;
}

SearchVerdict searched(const Build& build, const Budget& budget) {
  const auto keys = register_keys(build.history);
  return search(keys.at(0).ops, keys.at(0).initial, Deadline(budget));
}

}  // namespace

TEST_CASE("the search stops when its budget is over", "[check]") {
  Budget budget;
  SECTION("time") {
    budget.seconds = 0.05;
    const Nanos start = monotonic_clock().now();
    const SearchVerdict verdict = searched(hard(24), budget);
    CHECK(verdict.outcome == SearchVerdict::Outcome::unknown);
    CHECK(std::string(verdict.reason) == "budget.time");
    CHECK(monotonic_clock().now() - start < 5 * kSecond);
  }
  SECTION("memory") {
    budget.memory_bytes = 1 << 20;
    const SearchVerdict verdict = searched(hard(24), budget);
    CHECK(std::string(verdict.reason) == "budget.memory");
  }
  SECTION("patience") {
    const std::atomic<bool> interrupted{true};
    budget.interrupted = &interrupted;
    CHECK(std::string(searched(hard(24), budget).reason) == "interrupted");
  }
  SECTION("the check says so") {
    budget.seconds = 0.05;
    Build build = hard(24);
    build.history.ops.pop_back();
    const CheckResult result = check_linearizable(build.history, budget);
    CHECK(result.verdict == Verdict::unknown);
    CHECK(result.reason == "budget.time");
    CHECK(result.keys.unknown == 1);
  }
}

TEST_CASE("more than 64, 128, 256 and 1024 open operations", "[check]") {
  for (const int pending : {60, 100, 200, 400}) {
    Build build;
    for (int i = 0; i < pending; ++i) build.write(0, 1, 7).pending();
    build.write(2, 3, 8).read(4, 5, 8).read(6, 7, 7).read(8, 9, 8);
    build.write(2, 3, 8).failed();
    CAPTURE(pending);
    const SearchVerdict verdict = searched(build, Budget{});
    CHECK(verdict.outcome == SearchVerdict::Outcome::illegal);  // 8 can't come back
    CHECK(verdict.stuck != kNone);
    build.write(2, 8, 8);
    CHECK(searched(build, Budget{}).outcome == SearchVerdict::Outcome::legal);
  }
  Build build;
  for (int i = 0; i < 1100; ++i) build.write(0, 1, 7).pending();
  build.read(2, 3, 7).write(4, 5, 7);
  CHECK(std::string(searched(build, Budget{}).reason) == "budget.memory");
}

TEST_CASE("brute force, by hand", "[check]") {
  const auto verdict = [](const Build& build) {
    const auto keys = register_keys(build.history);
    return brute_force(keys.at(0).ops, keys.at(0).initial);
  };
  CHECK(verdict(Build().write(0, 1, 1).read(2, 3, 1)) == BruteVerdict::legal);
  CHECK(verdict(Build().write(0, 1, 1).read(2, 3, 2)) == BruteVerdict::illegal);
  CHECK(verdict(Build().write(0, 1, 1).read(1, 3, 0)) == BruteVerdict::legal);
  CHECK(verdict(Build().write(0, 1, 1).read(2, 3, 0)) == BruteVerdict::illegal);
  CHECK(verdict(Build().cas(0, 1, 0, 1).cas(2, 3, 1, 2).read(4, 5, 2)) == BruteVerdict::legal);
  CHECK(verdict(Build().cas(0, 1, 0, 1).cas(2, 3, 0, 2)) == BruteVerdict::illegal);
  CHECK(verdict(Build().write(0, 1, 1).pending().read(2, 3, 0).read(4, 5, 1)) ==
        BruteVerdict::legal);
  CHECK(verdict(Build().write(0, 1, 1).failed().read(2, 3, 1)) == BruteVerdict::illegal);
  CHECK(verdict(Build().cas(0, 1, 0, 1).mismatch()) == BruteVerdict::illegal);
  Build many;
  for (int i = 0; i < 65; ++i) many.read(0, 1, 0);
  CHECK(verdict(many) == BruteVerdict::too_big);
}
