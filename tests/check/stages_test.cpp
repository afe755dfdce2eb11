// Stages: what a search leaves for the witness, and that both together stay near the budget.
#include "check/stages.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::crowd;

TEST_CASE("stages: the search leaves time for the proof", "[check]") {
  Budget budget;
  budget.seconds = 1;
  const Stages stages(budget);
  CHECK(stages.finding().exceeded() == nullptr);
  CHECK(stages.proving().exceeded() == nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(920));
  CHECK(stages.finding().exceeded() == std::string("budget.time"));
  std::this_thread::sleep_for(std::chrono::milliseconds(580));
  CHECK(stages.proving().exceeded() == std::string("budget.time"));  // max(5 %, 0.5 s) are over
}

TEST_CASE("stages: patience and memory hold for both", "[check]") {
  const std::atomic<bool> interrupted{true};
  Budget budget;
  budget.memory_bytes = 1000;
  CHECK(Stages(budget).finding().exceeded(1001) == std::string("budget.memory"));
  CHECK(Stages(budget).proving().exceeded(1001) == std::string("budget.memory"));
  budget.interrupted = &interrupted;
  CHECK(Stages(budget).finding().exceeded() == std::string("interrupted"));
  CHECK(Stages(budget).proving().exceeded() == std::string("interrupted"));
}

TEST_CASE("stages: a search with its witness ends near its budget", "[check]") {
  for (const int writers : {6, 12, 24}) {
    CAPTURE(writers);
    Budget budget;
    budget.seconds = 1;
    const Nanos start = monotonic_clock().now();
    const CheckResult result = check_linearizable(crowd(writers).history, budget);
    CHECK(seconds_since(start) < 5.0);  // five times the budget; slow machines and sanitizers
    CHECK(result.reason != "crashed");
    CHECK((result.verdict == Verdict::fail) == !result.witness.empty());
  }
}
