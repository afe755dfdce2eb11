// Staleness, convergence, recovery: by hand, and staleness against its definition on random histories.
#include "check/order/measures.hpp"

#include <random>

#include "check/order/sessions.hpp"
#include "tests/check/random_sessions.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check::test {
namespace {

FaultWindow window(Nanos from, Nanos to) {
  FaultWindow out;
  out.name = "p1";
  out.kind = "drop";
  out.from = from;
  out.to = to;
  out.sides = {{"n1", "n2"}, {"n3"}};
  return out;
}

// The definition, read by read and write by write.
void by_definition(const History& history, Nanos& worst, std::uint64_t& stale) {
  const auto sessions = order::sessions_of(history);
  const auto end_of = [&](std::uint32_t node) {
    const Op& op = history.ops[sessions.nodes[node].op];
    return op.outcome == EventType::info ? kNever : op.completed;
  };
  worst = 0;
  stale = 0;
  for (std::uint32_t r = 0; r < sessions.nodes.size(); ++r) {
    const auto& read = sessions.nodes[r];
    if (!read.reads() || read.writes) continue;
    const Nanos asked = history.ops[read.op].invoked;
    const Nanos done = read.reads_node() ? end_of(read.from) : -1;
    Nanos first = kNever;
    for (std::uint32_t w = 0; w < sessions.nodes.size(); ++w) {
      const auto& write = sessions.nodes[w];
      if (!write.writes || write.key != read.key || history.ops[write.op].invoked <= done) continue;
      for (std::uint32_t o = 0; o < sessions.nodes.size(); ++o) {
        if (o == w || sessions.nodes[o].from == w) first = std::min(first, end_of(o));
      }
    }
    if (first >= asked) continue;
    ++stale;
    worst = std::max(worst, asked - first);
  }
}

}  // namespace

TEST_CASE("staleness: as the definition says, on random histories", "[oracle]") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 dice(seed);
  const Rounds rounds(3000);
  for (std::uint64_t run = 0; rounds.more(run); ++run) {
    const History history = random_sessions(dice, {3, 2, 12, true, true});
    Nanos worst = 0;
    std::uint64_t stale = 0;
    by_definition(history, worst, stale);
    const Staleness measured = measure_staleness(history, kNoWindows);
    REQUIRE(measured.rows.front().stale == stale);
    REQUIRE(measured.worst_age == worst);
  }
}

TEST_CASE("staleness: ages, versions behind, rows by node and window") {
  Build build;
  build.write(0, 10, 1).at("n1");
  build.write(20, 30, 2).at("n1");
  build.write(40, 50, 3).at("n1");
  build.read(130, 140, 1).at("n3");
  build.read(150, 160, 3).at("n1");
  const auto measured = measure_staleness(build.history, {window(100, 145)});
  REQUIRE(measured.rows.size() == 4);  // all, n1, n3, p1
  CHECK(measured.rows[0].reads == 2);
  CHECK(measured.rows[0].stale == 1);
  CHECK(measured.rows[0].age.max == 100);
  CHECK(measured.rows[0].behind.max == 2);
  CHECK(measured.rows[1].stale == 0);
  CHECK(measured.rows[2].stale == 1);
  CHECK(measured.rows[3].fault == "p1");
  CHECK(measured.rows[3].reads == 1);
  CHECK(check_staleness(build.history, kNoWindows).verdict == Verdict::pass);
  const auto judged = check_staleness(build.history, kNoWindows, StalenessBound{99, 9, 1});
  CHECK(judged.verdict == Verdict::fail);
  CHECK(judged.witness.size() == 6);
  CHECK(check_staleness(build.history, kNoWindows, StalenessBound{100, 2, 1}).verdict ==
        Verdict::pass);
  CHECK(check_staleness(build.history, kNoWindows, StalenessBound{kNever, 1, 1}).verdict ==
        Verdict::fail);
}

TEST_CASE("staleness: the histogram has every stale read, by 1, 2 and 5 times powers of ten") {
  Build build;
  build.write(0, 10, 1).at("n1");
  build.write(20, 30, 2).at("n1");
  for (const Nanos age : {1, 2, 3, 5, 6, 99, 100, 1000, 2001}) {
    build.read(30 + age, 31 + age, 1).at("n3");
  }
  build.read(5000, 5001, 2).at("n3");  // fresh
  const StalenessRow row = measure_staleness(build.history, {}).rows.front();
  CHECK(row.stale == 9);
  CHECK(row.histogram == std::vector<AgeBucket>{{1, 1},
                                                {2, 1},
                                                {5, 2},
                                                {10, 1},
                                                {20, 0},
                                                {50, 0},
                                                {100, 2},
                                                {200, 0},
                                                {500, 0},
                                                {1000, 1},
                                                {2000, 0},
                                                {5000, 1}});
  CHECK(staleness_json(row).find(R"("histogram":[[1,1],[2,1],[5,2],[10,1],[20,0])") !=
        std::string::npos);
  Build old;
  old.write(0, 10, 1).at("n1").write(20, 30, 2).at("n1");
  const Nanos year = 365LL * 24 * 3600 * kSecond;
  old.read(100 * year, 100 * year + 1, 1).at("n1");
  const auto last = measure_staleness(old.history, {}).rows.front().histogram;
  REQUIRE(last.size() == 1);
  CHECK(last[0].upper == 5'000'000'000'000'000'000);
}

TEST_CASE("staleness: without a read after a write there is no power") {
  Build build;
  build.read(0, 10, 0);
  build.write(20, 30, 1);
  const auto judged = check_staleness(build.history, kNoWindows, StalenessBound{});
  CHECK(judged.verdict == Verdict::unknown);
  CHECK(judged.reason == "vacuous.no_power");
}

TEST_CASE("convergence: agreed, diverged, lost, unobserved") {
  Build build;
  build.write(0, 10, 1).at("n1");
  build.write(20, 30, 2).at("n3");
  SECTION("agreed") {
    build.read(110, 120, 1).at("n1");
    build.read(130, 140, 2).at("n1");
    build.read(135, 145, 2).at("n3");
    const auto rows = measure_convergence(build.history, {window(15, 100)});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].state == ConvergenceRow::State::agreed);
    CHECK(rows[0].after == 45);
    CHECK(check_convergence(build.history, {window(15, 100)}, ConvergenceBound{45}).verdict ==
          Verdict::pass);
    CHECK(check_convergence(build.history, {window(15, 100)}, ConvergenceBound{44}).verdict ==
          Verdict::fail);
  }
  SECTION("diverged") {
    build.read(110, 120, 1).at("n1");
    build.read(130, 140, 2).at("n3");
    CHECK(check_convergence(build.history, kNoWindows).verdict == Verdict::pass);
    const auto judged = check_convergence(build.history, kNoWindows, ConvergenceBound{});
    CHECK(judged.verdict == Verdict::fail);
    CHECK(judged.witness.size() == 4);
  }
  SECTION("lost") {
    build.read(110, 120, 1).at("n1");
    build.read(130, 140, 1).at("n3");
    const auto rows = measure_convergence(build.history, kNoWindows);
    CHECK(rows[0].state == ConvergenceRow::State::lost);
    CHECK(rows[0].lost == 1);
    const auto judged = check_convergence(build.history, kNoWindows, ConvergenceBound{});
    CHECK(judged.verdict == Verdict::fail);
    CHECK(judged.text.find("lost") != std::string::npos);
  }
  SECTION("unobserved") {
    build.read(110, 120, 2).at("n1");
    const auto judged = check_convergence(build.history, kNoWindows, ConvergenceBound{});
    CHECK(judged.verdict == Verdict::unknown);
    CHECK(judged.reason == "vacuous.no_power");
  }
}

TEST_CASE("recovery: first answers after the heal") {
  Build build;
  build.write(0, 10, 1).at("n1");
  build.write(105, 110, 2).at("n1");
  build.read(101, 150, 2).at("n3").failed(OpErrorClass::timeout);
  const std::vector<FaultWindow> windows{window(50, 100)};
  auto rows = measure_recovery(build.history, windows);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].after == 10);
  CHECK_FALSE(rows[1].after);
  CHECK(check_recovery(build.history, windows).verdict == Verdict::pass);
  CHECK(check_recovery(build.history, windows, 1000).verdict == Verdict::fail);
  build.read(160, 170, 2).at("n3");
  CHECK(check_recovery(build.history, windows, 70).verdict == Verdict::pass);
  CHECK(check_recovery(build.history, windows, 69).verdict == Verdict::fail);
  CHECK(check_recovery(build.history, kNoWindows, 69).reason == "vacuous.fault");
}

}  // namespace sunder::check::test
