// Witnesses out of long histories: one wrong operation among thousands, found, small, and told in a sentence.
#include <algorithm>

#include "check/check.hpp"
#include "sunder/rng.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::Build;

namespace {

constexpr Nanos kStep = 10;

// `rounds` of: a write (or a cas from the last value), and a read of it at another node. Values 1, 2, 3, …
Build plausible(int rounds, bool cas) {
  Build build;
  for (int i = 0; i < rounds; ++i) {
    const auto value = static_cast<ValueId>(i + 1);
    const Nanos at = i * 10 * kStep;
    if (cas && i > 0) {
      build.cas(at, at + 5 * kStep, value - 1, value).at("n1");
    } else {
      build.write(at, at + 5 * kStep, value).at("n1");
    }
    build.read(at + 2 * kStep, at + 7 * kStep, value).at("n2");
  }
  return build;
}

bool has(const CheckResult& result, std::size_t op) {
  return std::binary_search(result.witness.begin(), result.witness.end(),
                            static_cast<std::uint32_t>(2 * op));
}

}  // namespace

TEST_CASE("mutations of a long history are found with small witnesses", "[check]") {
  constexpr int kRounds = 2000;
  for (const bool cas : {false, true}) {
    CAPTURE(cas);
    const Build good = plausible(kRounds, cas);
    const CheckResult pass = judge_linearizable(good);
    CHECK(pass.verdict == Verdict::pass);
    CHECK(pass.power == (cas ? 2U : 1U) * (kRounds - 1));
    CHECK(pass.method == (cas ? "cas chains" : "Gibbons-Korach zones"));
    Rng rng(1);
    for (int round = 0; round < 20; ++round) {
      const std::size_t at = 200 + rng.below(kRounds - 200);
      const std::size_t read = 2 * at + 1;
      SECTION("a stale read, " + std::to_string(at)) {
        Build bad = good;
        const std::size_t back = 2 + rng.below(100);
        bad.history.ops[read].value = good.history.ops[2 * (at - back)].value;
        const CheckResult result = judge_linearizable(bad);
        REQUIRE(result.verdict == Verdict::fail);
        CHECK(has(result, read));
        CHECK(result.witness.size() <= 2 * 6);
      }
      SECTION("a lost write, " + std::to_string(at)) {
        Build bad =
            good;  // acknowledged, and every read before the next write still shows the one before
        bad.history.ops[read].value = good.history.ops[2 * (at - 1)].value;
        bad.history.ops[read].invoked += 4 * kStep;
        const CheckResult result = judge_linearizable(bad);
        REQUIRE(result.verdict == Verdict::fail);
        CHECK(result.witness.size() <= 2 * 6);
        CHECK(has(result, read));
      }
      SECTION("a failed write is seen, " + std::to_string(at)) {
        Build bad = good;
        bad.history.ops[2 * at].outcome = EventType::fail;
        bad.history.ops[2 * at].error = OpErrorClass::definite;
        const CheckResult result = judge_linearizable(bad);
        REQUIRE(result.verdict == Verdict::fail);
        CHECK(has(result, 2 * at));
        CHECK(result.witness.size() == 4);
      }
    }
  }
}

TEST_CASE("a search's witness is small too", "[check]") {
  Build bad = plausible(300, false);
  // Repeat every second value, so that zones do not hold; then read a value that is gone.
  for (std::size_t i = 4; i < bad.history.ops.size(); i += 4) {
    bad.history.ops[i].value = bad.history.ops[0].value;
    bad.history.ops[i + 1].value = bad.history.ops[0].value;
  }
  CHECK(judge_linearizable(bad).verdict == Verdict::pass);
  CHECK(judge_linearizable(bad).method == "just-in-time search");
  bad.history.ops[401].value = bad.history.ops[399].value;
  bad.history.ops[401].invoked += 4 * kStep;
  const CheckResult result = judge_linearizable(bad);
  REQUIRE(result.verdict == Verdict::fail);
  CHECK(result.witness.size() <= 12);
}

TEST_CASE("witnesses are told in plain sentences", "[check]") {
  const auto told = [](const Build& build, const std::vector<FaultWindow>& windows = {}) {
    return check_linearizable(build.history, Budget{}, windows).text;
  };
  constexpr Nanos ms = kMillisecond;
  Build stale;
  stale.write(11'000 * ms, 11'100 * ms, 41).at("n1").write(11'500 * ms, 11'619 * ms, 42).at("n2");
  stale.read(12'020 * ms, 12'031 * ms, 41).at("n1");
  const std::string sentence =
      "n1 answered a read of k with 41 at 12.031 s, 412 ms after the write of 42 had been "
      "acknowledged by n2 (11.619 s)";
  CHECK(told(stale) == sentence + ". No order of these 3 operations is legal.");
  FaultWindow window;
  window.name = "p1";
  window.kind = "drop";
  window.from = 11'200 * ms;
  window.to = 13'000 * ms;
  window.sides = {{"n2", "n3"}, {"n1"}};
  CHECK(told(stale, {window}) == sentence + "; the partition n1 | n2,n3 was in force. " +
                                     "No order of these 3 operations is legal.");
  window.to = 11'700 * ms;
  CHECK(told(stale, {window}) == sentence + "; the partition n1 | n2,n3 was in force then. " +
                                     "No order of these 3 operations is legal.");

  CHECK(told(Build().read(0, 5 * ms, 9).at("n3")) ==
        "n3 answered a read of k with 9 at 0.005 s, but nobody ever wrote 9.");
  CHECK(told(Build().write(0, ms, 1).failed().at("n1").read(2 * ms, 3 * ms, 1).at("n2")) ==
        "n2 answered a read of k with 1 at 0.003 s, but the write of 1 had surely failed at n1 "
        "(0.001 s).");
  CHECK(told(Build().read(0, ms, 1).at("n1").write(30 * ms, 31 * ms, 1).at("n2")) ==
        "n1 answered a read of k with 1 at 0.001 s, 29 ms before the write of 1 was asked of n2.");
  CHECK(
      told(Build().write(0, ms, 1).at("n1").read(2 * ms, 3 * ms, 0).at("n2")) ==
      "n2 answered a read of k with nothing (absent) at 0.003 s, 2000 us after the write of 1 had "
      "been acknowledged by n1 (0.001 s). No order of these 2 operations is legal.");
  CHECK(told(Build().cas(0, 9 * ms, 0, 2).at("n1").cas(0, 9 * ms, 0, 3).at("n2")) ==
        "n1 accepted a cas of k from nothing (absent) to 2 at 0.009 s, and n2 accepted a cas of k "
        "from nothing (absent) to 3 at 0.009 s; nothing (absent) was there to be taken only once.");
  CHECK(told(Build().write(0, ms, 1).cas(2 * ms, 3 * ms, 1, 8).mismatch(1)) ==
        "process 1 refused a cas of k from 1 to 8 at 0.003 s, for it held 1, which is what the cas "
        "expected.");
  CHECK(told(Build().write(0, ms, 1).cas(2 * ms, 3 * ms, 1, 8).mismatch()) ==
        "process 1 refused a cas of k from 1 to 8 at 0.003 s (mismatch), but 1 was there before "
        "(process 0 acknowledged the write of 1 at 0.001 s), and no other value can have replaced "
        "it.");
}
