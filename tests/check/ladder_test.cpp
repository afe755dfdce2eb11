// The ladder: verdicts are monotone on random histories, and its words.
#include "check/ladder.hpp"

#include <chrono>
#include <random>

#include "tests/check/random_sessions.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check::test {
namespace {

Ladder climb_of(const History& history) {
  return climb({history, Budget{}, kNoWindows, 1, ""});
}

RungState state(const Ladder& ladder, const std::string& name) {
  for (const Rung& rung : ladder.rungs) {
    if (rung.result.name == name) return rung.state;
  }
  FAIL("no rung " << name);
  return RungState::unknown;
}

Build& by(Build& build, std::int32_t process) {
  build.history.ops.back().process = process;
  return build;
}

}  // namespace

TEST_CASE("ladder: a model that fails makes every stronger one fail", "[oracle]") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  const Rounds rounds(100'000);
  std::uint64_t runs = 0;
  std::uint64_t failed[4] = {};
  constexpr const char* kChain[] = {"linearizable", "sequential", "causal", "session"};
  constexpr const char* kParts[] = {"read-your-writes", "monotonic-reads", "monotonic-writes",
                                    "writes-follow-reads"};
  for (; rounds.more(runs); ++runs) {
    const History history =
        random_sessions(dice, {2 + below(dice, 3), 1 + below(dice, 3), 4 + below(dice, 6),
                               below(dice, 2) == 0, below(dice, 2) == 0});
    if (!find_check("causal")->applies(history)) continue;
    const Ladder ladder = climb_of(history);
    CAPTURE(runs, ladder_text(ladder));
    bool below_fails = false;
    for (const char* part : kParts) below_fails |= state(ladder, part) == RungState::fail;
    REQUIRE((state(ladder, "session") == RungState::fail) == below_fails);
    for (std::size_t i = 4; i-- > 0;) {
      const bool fails = state(ladder, kChain[i]) == RungState::fail;
      if (below_fails) REQUIRE(fails);
      below_fails = fails;
      failed[i] += fails ? 1 : 0;
    }
  }
  WARN(runs << " histories; refuted: linearizable " << failed[0] << ", sequential " << failed[1]
            << ", causal " << failed[2] << ", session " << failed[3]);
  CHECK(failed[0] > failed[1]);
  CHECK(failed[1] > failed[2]);
  CHECK(failed[2] > failed[3]);
  CHECK(failed[3] > 0);
}

TEST_CASE("ladder: a stale read by another session is sequential and not linearizable") {
  Build build;
  by(build.write(0, 10, 1), 1);
  by(build.write(20, 30, 2), 1);
  by(build.read(40, 50, 1), 2);
  by(build.read(60, 70, 1), 2);
  by(build.read(80, 90, 2), 2);
  const Ladder ladder = climb_of(build.history);
  CAPTURE(ladder_text(ladder));
  CHECK(state(ladder, "linearizable") == RungState::fail);
  CHECK(state(ladder, "sequential") == RungState::pass);
  CHECK(ladder.strongest == "sequential");
  CHECK(ladder_json(ladder).find("\"strongest\":\"sequential\"") != std::string::npos);
}

TEST_CASE("ladder: where monotonic reads fail, two guarantees are not observable") {
  Build build;
  by(build.write(0, 10, 1), 1);
  by(build.write(20, 30, 2), 1);
  by(build.read(40, 50, 2), 2);
  by(build.read(60, 70, 1), 2);
  by(build.read(80, 90, 2), 2);
  const Ladder ladder = climb_of(build.history);
  CAPTURE(ladder_text(ladder));
  CHECK(state(ladder, "monotonic-reads") == RungState::fail);
  CHECK(state(ladder, "monotonic-writes") == RungState::not_observable);
  CHECK(ladder.strongest == "");
}

}  // namespace sunder::check::test
