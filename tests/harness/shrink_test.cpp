// Shrink: moves, and the search over schedules with oracles that are plain functions; and what is read of a run folder.
#include <fstream>
#include <set>
#include <string>

#include "harness/nemesis.hpp"
#include "harness/results.hpp"
#include "harness/shrink/failed_run.hpp"
#include "harness/shrink/moves.hpp"
#include "harness/shrink/search.hpp"
#include "sunder/rng.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::shrink;

namespace {

// Six windows of 3 s in 60 s, as a run leaves them.
Suite minute() {
  Suite suite;
  suite.name = "minute";
  suite.cluster.system = "embedded-quorum";
  suite.cluster.nodes = {"n1", "n2", "n3"};
  suite.workload.time = 60 * kSecond;
  suite.workload.clients = 12;
  suite.workload.keys = 8;
  suite.linearizable.wanted = true;
  for (unsigned i = 0; i < 6; ++i) {
    NemesisSpec window;
    window.targets = i % 2 == 0 ? "n1" : "n2";
    window.kind = CutKind::reset;
    window.at = (3 + 9 * static_cast<Nanos>(i)) * kSecond;
    window.duration = 3 * kSecond;
    window.turn = i + 1;
    suite.nemeses.push_back(window);
  }
  return suite;
}

// Time that goes by as the runs take it.
class RunClock final : public Clock {
 public:
  [[nodiscard]] Nanos now() const noexcept override { return now_; }
  void pass(Nanos nanos) { now_ += nanos; }

 private:
  Nanos now_ = 0;
};

struct Scene {
  RunClock clock;
  unsigned runs = 0;
  SearchOptions options;

  // `fails` judges a suite; each run takes 1 s and the load's time.
  template <class Fails>
  explicit Scene(Fails fails) {
    options.clock = &clock;
    options.budget = 3600 * kSecond;
    options.oracle = [this, fails](const Suite& suite) -> Result<bool> {
      ++runs;
      clock.pass(kSecond + std::max(suite.workload.time, end_of(suite)));
      return fails(suite);
    };
  }
};

bool cuts_n2_from_n3(const Suite& suite) {
  for (const NemesisSpec& window : suite.nemeses) {
    if (window.pairs.empty() && (window.targets == "n2" || window.targets == "n3")) return true;
    for (const Pair& pair : window.pairs) {
      if ((pair.from == "n2" && pair.to == "n3") || (pair.from == "n3" && pair.to == "n2")) {
        return true;
      }
    }
  }
  return false;
}

// What load_suite demands of windows.
void check_valid(const Suite& suite) {
  Nanos free_at = 0;
  for (const NemesisSpec& window : suite.nemeses) {
    CHECK(window.at >= free_at);
    CHECK(window.duration > 0);
    CHECK(window.at < suite.workload.time);
    free_at = window.at + window.duration;
  }
  CHECK(suite.workload.time > 0);
  CHECK(suite.workload.clients >= 1);
  CHECK(suite.workload.keys >= 1);
}

}  // namespace

TEST_CASE("shrink: chunks cover everything at each size, all first and single parts last") {
  CHECK(chunks_to_drop(0).empty());
  const auto chunks = chunks_to_drop(5);
  REQUIRE(chunks.size() == 1 + 2 + 3 + 5);
  CHECK(chunks.front().to - chunks.front().from == 5);
  CHECK(chunks.back().to - chunks.back().from == 1);
  std::set<std::size_t> singles;
  for (const Range& range : chunks) {
    CHECK(range.from < range.to);
    CHECK(range.to <= 5);
    if (range.to - range.from == 1) singles.insert(range.from);
  }
  CHECK(singles.size() == 5);
}

TEST_CASE("shrink: every move makes the suite smaller, and keeps it valid") {
  std::vector<Suite> todo{minute()};
  todo.push_back(minute());
  todo.back().nemeses.resize(1);
  todo.push_back(minute());
  todo.back().nemeses.clear();
  todo.push_back(minute());
  todo.back().nemeses.resize(1);
  todo.back().nemeses[0].pairs = {{"c9", "n3"}, {"n3", "c9"}, {"*", "n1"}};
  for (const Suite& suite : todo) {
    for (const MoveMaker maker : move_makers()) {
      for (const Move& move : maker(suite)) {
        INFO(move.text << "\n" << suite_toml(move.suite));
        check_valid(move.suite);
        CHECK(suite_toml(move.suite) != suite_toml(suite));
        CHECK(move.suite.workload.time <= suite.workload.time);
        CHECK(move.suite.nemeses.size() <= suite.nemeses.size());
        CHECK(move.suite.workload.clients <= suite.workload.clients);
      }
    }
  }
  for (const Nanos failed_by : {Nanos{-1}, Nanos{0}, kSecond, 14 * kSecond, 59 * kSecond}) {
    for (const Move& move : openings(minute(), failed_by)) {
      INFO(move.text);
      check_valid(move.suite);
    }
  }
  // One that came at once: 50 ms of load, 1 s, 4 s and 16 s before the whole minute.
  const std::vector<Move> at_once = openings(minute(), 0);
  REQUIRE(at_once.size() == 5);
  for (std::size_t i = 1; i < at_once.size(); ++i) {
    CHECK(at_once[i - 1].suite.workload.time < at_once[i].suite.workload.time);
  }
}

TEST_CASE("shrink: a failure that needs one window, one key and one link is found") {
  Scene scene([](const Suite& suite) {
    Nanos longest = 0;
    for (const NemesisSpec& window : suite.nemeses) longest = std::max(longest, window.duration);
    return cuts_n2_from_n3(suite) && longest >= 400 * kMillisecond && suite.workload.clients >= 3;
  });
  scene.options.failed_by = 32 * kSecond;
  const auto found = search(minute(), scene.options);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  const Suite& least = (*found)->suite;
  INFO(suite_toml(least));
  REQUIRE(least.nemeses.size() == 1);
  CHECK(least.nemeses[0].duration >= 400 * kMillisecond);
  CHECK(least.nemeses[0].duration < 600 * kMillisecond);
  CHECK(least.nemeses[0].pairs.size() == 2);  // a reset acts on the whole link
  CHECK(least.workload.clients == 3);
  CHECK(least.workload.keys == 1);
  CHECK(least.workload.time <= kSecond);
  CHECK((*found)->proved);
  CHECK((*found)->failed == 10);
  CHECK((*found)->trials == scene.runs);
  CHECK(scene.runs < 120);
}

TEST_CASE("shrink: without a witness the windows are dropped by halves, two that are needed stay") {
  Scene scene([](const Suite& suite) {
    bool second = false;
    bool fifth = false;
    for (const NemesisSpec& window : suite.nemeses) {
      second = second || window.turn == 2;
      fifth = fifth || window.turn == 5;
    }
    return second && fifth;
  });
  const auto found = search(minute(), scene.options);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  const Suite& least = (*found)->suite;
  REQUIRE(least.nemeses.size() == 2);
  CHECK(least.nemeses[0].turn == 2);
  CHECK(least.nemeses[1].turn == 5);
  CHECK(least.workload.time < 2 * kSecond);
}

TEST_CASE("shrink: a failure that needs no nemesis loses all windows") {
  Scene scene([](const Suite& suite) { return suite.workload.time >= 2 * kSecond; });
  const auto found = search(minute(), scene.options);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK((*found)->suite.nemeses.empty());
  CHECK((*found)->suite.workload.time < 3 * kSecond);
}

TEST_CASE("shrink: flaky failures: what is lucky is not believed") {
  // The share of failing runs falls with the length of the window; 9 in 10 needs 1 s.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Scene scene([&rng](const Suite& suite) {
      Nanos longest = 0;
      for (const NemesisSpec& window : suite.nemeses) longest = std::max(longest, window.duration);
      const double share = std::min(0.98, static_cast<double>(longest) / 1e9 * 0.95);
      return rng.chance(share);
    });
    scene.options.failed_by = 5 * kSecond;
    const auto found = search(minute(), scene.options);
    REQUIRE(found.ok());
    REQUIRE(found->has_value());
    CHECK((*found)->runs == 10);
    CHECK((*found)->suite.nemeses.size() == 1);
    CHECK((*found)->proved == ((*found)->failed >= 9));
    // The least that could fail in every one of three trials more often than once in a while.
    CHECK((*found)->suite.nemeses[0].duration >= 200 * kMillisecond);
  }
}

TEST_CASE("shrink: what fails once in three is still shrunk, and its share is told") {
  Rng rng(5);
  Scene scene([&rng](const Suite&) { return rng.chance(0.4); });
  scene.options.runs = 6;
  const auto found = search(minute(), scene.options);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK_FALSE((*found)->proved);
  CHECK((*found)->runs == 10);
  CHECK((*found)->failed < 9);
  CHECK((*found)->suite.workload.time < 60 * kSecond);
}

TEST_CASE("shrink: a failure that does not come again is told, and an oracle that breaks too") {
  Scene never([](const Suite&) { return false; });
  never.options.failed_by = 13 * kSecond;
  const auto found = search(minute(), never.options);
  REQUIRE(found.ok());
  CHECK_FALSE(found->has_value());
  CHECK(never.runs == 12);  // four guesses, three trials each

  Scene broken([](const Suite&) { return true; });
  broken.options.oracle = [](const Suite&) -> Result<bool> {
    return Error{ErrorCode::unavailable, "no database"};
  };
  const auto none = search(minute(), broken.options);
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().message == "no database");

  // Later, what was found until then is kept.
  Scene late([](const Suite&) { return true; });
  unsigned count = 0;
  late.options.oracle = [&count](const Suite&) -> Result<bool> {
    if (++count > 20) return Error{ErrorCode::unavailable, "no database"};
    return true;
  };
  const auto some = search(minute(), late.options);
  REQUIRE(some.ok());
  REQUIRE(some->has_value());
  REQUIRE((*some)->error.has_value());
  CHECK((*some)->suite.workload.time < 60 * kSecond);
}

TEST_CASE("shrink: Ctrl-C and the budget end it with the best so far") {
  Scene scene([](const Suite&) { return true; });
  scene.options.stop = [&scene] { return scene.runs >= 8; };
  auto found = search(minute(), scene.options);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK((*found)->stopped);
  CHECK(scene.runs == 8);
  CHECK((*found)->suite.workload.time < 60 * kSecond);

  Scene hasty([](const Suite&) { return true; });
  hasty.options.budget = 400 * kSecond;  // six runs of the whole, and a bit
  found = search(minute(), hasty.options);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK((*found)->runs >= 3);
  CHECK(hasty.clock.now() <= 400 * kSecond + 3 * 61 * kSecond);
}

TEST_CASE("shrink: the check is looked for alone") {
  Suite suite = minute();
  suite.linearizable = {true, 5, 6};
  suite.recovery = {true, 7 * kSecond};
  suite.availability = {true, "yes", "no", kSecond};
  suite.checks = {"causal", "session"};
  const Suite linearizable = focused(suite, "linearizable");
  CHECK(linearizable.linearizable.wanted);
  CHECK(linearizable.linearizable.power_inside == 0);
  CHECK_FALSE(linearizable.recovery.wanted);
  CHECK_FALSE(linearizable.availability.wanted);
  CHECK(linearizable.checks.empty());
  const Suite availability = focused(suite, "availability");
  CHECK(availability.availability.majority == "yes");
  CHECK_FALSE(availability.linearizable.wanted);
  CHECK(focused(suite, "recovery").recovery.bound == 7 * kSecond);
  CHECK(focused(suite, "causal").checks == std::vector<std::string>{"causal"});
}

TEST_CASE("shrink: a folder is read, or refused with what to do") {
  const ::test::TempDir folder;
  const auto write = [&folder](const char* name, const std::string& text) {
    std::ofstream(folder.path() + '/' + name) << text;
  };
  auto run = read_failed_run(folder.path(), "");
  REQUIRE_FALSE(run.ok());
  CHECK(run.error().code == ErrorCode::not_found);
  CHECK(run.error().message.find("runs/latest") != std::string::npos);

  write("schedule.toml", suite_toml(minute()));
  write(
      "history.jsonl",
      R"({"sunder":1,"t0":5,"wall":"2026-01-01T00:00:00Z","clock":"shared","initial":null,"seed":9,"suite":"x","nodes":["n1"]})"
      "\n"
      R"({"index":0,"time":1000000000,"process":0,"type":"invoke","f":"read","key":"k1","value":null,"node":"n1"})"
      "\n"
      R"({"index":1,"time":14000000000,"process":0,"type":"ok","f":"read","key":"k1","value":3,"node":"n1"})"
      "\n");
  RunResults results;
  results.suite = "minute";
  results.seed = 9;
  results.verdict = check::Verdict::pass;
  results.checks.resize(2);
  results.checks[0].name = "recovery";
  results.checks[0].verdict = check::Verdict::pass;
  results.checks[1].name = "linearizable";
  results.checks[1].verdict = check::Verdict::pass;
  results.faults.resize(1);
  results.faults[0].name = "p2";
  results.faults[0].asked_at = 12500 * kMillisecond;  // its window is at 12 s
  const auto save = [&] {
    auto json = results_json(results, folder.path() + "/history.jsonl");
    REQUIRE(json.ok());
    write("results.json", *json);
  };
  save();
  run = read_failed_run(folder.path(), "");
  REQUIRE_FALSE(run.ok());
  CHECK(run.error().code == ErrorCode::invalid);
  CHECK(run.error().message.find("did not fail") != std::string::npos);

  results.verdict = results.checks[1].verdict = check::Verdict::fail;
  results.checks[1].witness = {0, 1};
  save();
  run = read_failed_run(folder.path(), "");
  INFO((run ? "" : run.error().text()));
  REQUIRE(run.ok());
  CHECK(run->check == "linearizable");
  CHECK(run->seed == 9);
  CHECK(run->name == "minute");
  CHECK(run->failed_by == 13500 * kMillisecond);
  CHECK(run->schedule.nemeses.size() == 6);
  run = read_failed_run(folder.path(), "recovery");
  REQUIRE_FALSE(run.ok());
  CHECK(run.error().message.find("linearizable did") != std::string::npos);
}
