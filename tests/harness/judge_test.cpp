// From measurements and verdicts to the run's verdict: bounds, voids, vacuous runs, merging, and the plain words.
#include "harness/judge.hpp"

#include <fstream>

#include "harness/nemesis.hpp"
#include "harness/probe.hpp"
#include "harness/runner.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;
using check::AvailabilityRow;
using check::CheckResult;
using check::Verdict;

namespace {

AvailabilityRow row(const std::string& side, const std::string& op, std::uint64_t answered,
                    std::uint64_t timeouts) {
  AvailabilityRow out;
  out.fault = "p1";
  out.from = 10 * kSecond;
  out.to = 16 * kSecond;
  out.side = side;
  out.nodes =
      side == "majority" ? std::vector<std::string>{"n2", "n3"} : std::vector<std::string>{"n1"};
  out.op = op;
  out.answered = answered;
  out.timeouts = timeouts;
  out.asked = answered + timeouts;
  out.settle = 2 * kSecond;
  return out;
}

CheckResult checked(const std::string& name, Verdict verdict, const std::string& reason = "") {
  CheckResult out;
  out.name = name;
  out.verdict = verdict;
  out.reason = reason;
  return out;
}

AvailabilityCheck bounds(const std::string& majority, const std::string& minority) {
  AvailabilityCheck out;
  out.wanted = true;
  out.majority = majority;
  out.minority = minority;
  return out;
}

}  // namespace

TEST_CASE("judge: availability against the suite's bounds") {
  const std::vector<AvailabilityRow> good{row("majority", "read", 1000, 1),
                                          row("isolated", "read", 0, 40)};
  CHECK(judge_availability(bounds("yes", "no"), good).verdict == Verdict::pass);
  CHECK(judge_availability(bounds("yes", "no"), good).power == 2);
  CHECK(judge_availability(bounds("any", "yes"), good).verdict == Verdict::fail);
  const std::vector<AvailabilityRow> slow{row("majority", "write", 995, 5)};
  const CheckResult failed = judge_availability(bounds("yes", "any"), slow);
  CHECK(failed.verdict == Verdict::fail);
  CHECK(
      failed.text ==
      "In p1 the majority side (n2 and n3) answered 995 of 1000 operations of kind write (99.5 %) "
      "after 2s to settle; the suite demands at least 99.9 %.");
  // Nothing could be judged: unknown, not pass.
  std::vector<AvailabilityRow> unjudged{row("majority", "write", 0, 5)};
  unjudged[0].judged = false;
  CHECK(judge_availability(bounds("yes", "any"), unjudged).verdict == Verdict::unknown);
  // Censored operations are nobody's fault; calm weather is not a side.
  std::vector<AvailabilityRow> censored{row("majority", "write", 100, 0)};
  censored[0].censored = 50;
  censored[0].asked += 50;
  censored.push_back(row("all", "write", 0, 100));
  censored[1].fault.clear();
  CHECK(judge_availability(bounds("yes", "any"), censored).verdict == Verdict::pass);
}

TEST_CASE("judge: a window in which the harness stood still is void") {
  std::vector<AvailabilityRow> rows{row("majority", "read", 5, 5), row("majority", "read", 5, 5)};
  rows[1].from = 20 * kSecond;
  rows[1].to = 26 * kSecond;
  void_stalled_rows({{15 * kSecond, 300 * kMillisecond}}, &rows);
  CHECK_FALSE(rows[0].judged);
  CHECK(rows[0].note.find("stood still for 300ms at 15.0 s") != std::string::npos);
  CHECK(rows[1].judged);
}

TEST_CASE("judge: recovery") {
  RecoveryCheck bound;
  bound.bound = 5 * kSecond;
  RecoveryRecord good{"p1", 10 * kSecond, 12 * kSecond, 5 * kSecond, true};
  CHECK(judge_recovery(bound, {}).verdict == Verdict::unknown);
  CHECK(judge_recovery(bound, {good}).verdict == Verdict::pass);
  CHECK(judge_recovery(bound, {good}).text.find("2.0 s") != std::string::npos);
  RecoveryRecord late{"p2", 20 * kSecond, 26 * kSecond, 5 * kSecond, true};
  CHECK(judge_recovery(bound, {good, late}).verdict == Verdict::fail);
  RecoveryRecord never{"p3", 30 * kSecond, 0, 5 * kSecond, false};
  CHECK(judge_recovery(bound, {never}).verdict == Verdict::fail);
}

TEST_CASE("judge: verdicts merge as fail > unknown > pass, and the exit code follows") {
  RunResults results;
  merge_checks("", &results);
  CHECK(results.verdict == Verdict::unknown);  // nothing was judged
  results.checks = {checked("a", Verdict::pass)};
  merge_checks("", &results);
  CHECK(results.verdict == Verdict::pass);
  CHECK(exit_code_of(results) == 0);
  results.checks.push_back(checked("b", Verdict::unknown, "vacuous.no_power"));
  merge_checks("", &results);
  CHECK(results.verdict == Verdict::unknown);
  CHECK(results.reason == "vacuous.no_power");
  CHECK(exit_code_of(results) == 3);
  results.checks.push_back(checked("c", Verdict::fail));
  merge_checks("", &results);
  CHECK(results.verdict == Verdict::fail);
  CHECK(results.reason.empty());
  CHECK(exit_code_of(results) == 1);
  results.checks = {checked("a", Verdict::pass)};
  merge_checks("interrupted", &results);
  CHECK(results.verdict == Verdict::unknown);
  CHECK(results.reason == "interrupted");
  CHECK(exit_code_of(results) == 130);
}

namespace {

// Judges a history of one write and `reads` reads that see it, with one cut in force from 1 s to 2 s.
RunResults judged_run(Suite suite, int reads, bool vacuous, const JudgeOptions& options = {}) {
  const ::test::TempDir folder;
  const std::string history = folder.path() + "/history.jsonl";
  const std::string events = folder.path() + "/events.jsonl";
  {
    std::ofstream out(history);
    out << R"({"sunder":1,"t0":0,"wall":"","clock":"shared","initial":null,"seed":1,"suite":"x",)"
        << R"("nodes":["n1","n2","n3"]})" << '\n';
    std::int64_t time = 900'000'000;
    int index = 0;
    const auto line = [&](const char* type, const char* f, const char* value) {
      time += 1'000'000;
      out << "{\"index\":" << index++ << ",\"time\":" << time << ",\"process\":0,\"type\":\""
          << type << "\",\"f\":\"" << f << "\",\"key\":\"k1\",\"value\":" << value
          << ",\"node\":\"n2\"}\n";
    };
    line("invoke", "write", "1");
    line("ok", "write", "1");
    time = 1'100'000'000;
    for (int i = 0; i < reads; ++i) {
      line("invoke", "read", "null");
      line("ok", "read", "1");
    }
    std::ofstream(events)
        << R"({"index":0,"time":1000000000,"event":"partition","name":"p1","kind":"drop",)"
        << R"("pairs":[["n1","n2"],["n2","n1"],["n1","n3"],["n3","n1"]],)"
        << R"("asked_at":1000000000,"in_force_at":1000000000})" << '\n'
        << R"({"index":1,"time":2000000000,"event":"heal","name":"p1","kind":"drop",)"
        << R"("asked_at":2000000000,"in_force_at":2000000000})" << '\n';
  }
  RunResults results;
  results.nodes = {"n1", "n2", "n3"};
  FaultRecord fault;
  fault.name = "p1";
  fault.kind = "drop";
  fault.vacuous = vacuous;
  results.faults = {fault};
  suite.nemeses.resize(1);
  suite.linearizable.wanted = true;
  judge_run(suite, history, events, options, &results);
  return results;
}

}  // namespace

TEST_CASE("judge: a run passes, lacks power, lacks the demanded power, or met nothing") {
  CHECK(judged_run({}, 5, false).verdict == Verdict::pass);
  CHECK(judged_run({}, 5, false).ops == 6);
  const RunResults weak = judged_run({}, 0, false);
  CHECK(weak.verdict == Verdict::unknown);
  CHECK(weak.reason == "vacuous.no_power");
  Suite demanding;
  demanding.linearizable.power_inside = 5;
  CHECK(judged_run(demanding, 5, false).verdict == Verdict::pass);
  demanding.linearizable.power_inside = 6;
  const RunResults short_of = judged_run(demanding, 5, false);
  CHECK(short_of.verdict == Verdict::unknown);
  CHECK(short_of.checks[0].text.find("at least 6 observations") != std::string::npos);
  const RunResults vacuous = judged_run({}, 5, true);
  CHECK(vacuous.verdict == Verdict::unknown);
  CHECK(vacuous.reason == "vacuous.fault");
  CHECK(vacuous.checks.back().name == "nemesis");
}

TEST_CASE("judge: what was cut short, or has no time left, is unknown, and never a pass") {
  const RunResults cut = judged_run({}, 5, false, {"budget.time", check::kNever});
  CHECK(cut.verdict == Verdict::unknown);
  CHECK(cut.reason == "budget.time");
  CHECK(cut.checks[0].verdict == Verdict::pass);  // as far as it goes
  CHECK(cut.ladder.empty());
  CHECK(exit_code_of(cut) == 3);
  const RunResults late = judged_run({}, 5, false, {"", monotonic_clock().now() - kSecond});
  CHECK(late.verdict == Verdict::unknown);
  CHECK(late.reason == "budget.time");
  const RunResults early = judged_run({}, 5, false, {"", monotonic_clock().now() + 60 * kSecond});
  CHECK(early.verdict == Verdict::pass);
}

TEST_CASE("judge: checks that the suite names are run, and say so where they do not fit") {
  Suite suite;
  suite.checks = {"sequential", "set"};
  const RunResults results = judged_run(suite, 5, false);
  REQUIRE(results.checks.size() == 3);
  CHECK(results.checks[1].name == "sequential");
  CHECK(results.checks[1].verdict == Verdict::pass);
  CHECK(results.checks[2].name == "set");
  CHECK(results.checks[2].verdict == Verdict::unknown);
  CHECK(results.checks[2].reason == "input");
}

TEST_CASE("judge: the ladder is climbed beside the verdict, with a budget") {
  const RunResults results = judged_run({}, 5, false);
  REQUIRE(results.ladder.size() > 3);
  CHECK(results.ladder[0].name == "linearizable");
  CHECK(results.ladder[0].state == check::RungState::pass);
  CHECK(results.ladder[0].power == results.checks[0].power);
  CHECK(results.checks.size() == 1);  // no rung became a check
  check::History history;
  history.nodes = {"n1"};
  history.keys = {"k"};
  const auto value = history.values.intern_text("1");
  for (int i = 0; i < 2; ++i) {
    check::Op op;
    op.kind = i == 0 ? check::OpKind::write : check::OpKind::read;
    op.invoked = 10 * i;
    op.completed = 10 * i + 5;
    op.key = 0;
    op.value = value;
    op.node = 0;
    op.outcome = EventType::ok;
    history.ops.push_back(op);
  }
  for (const auto& rung : climb_ladder(history, {}, {0, 1U << 30U, nullptr})) {
    INFO(rung.name);
    CHECK(rung.state == check::RungState::unknown);  // no time: nothing is claimed
    CHECK(rung.reason == "budget.time");
  }
}

TEST_CASE("judge: a history that can't be read is unknown, never pass") {
  Suite suite;
  suite.linearizable.wanted = true;
  RunResults results;
  judge_run(suite, "/nowhere/history.jsonl", "/nowhere/events.jsonl", {}, &results);
  CHECK(results.verdict == Verdict::unknown);
  CHECK(results.reason == "input");
}

TEST_CASE("plain words: what was answered where, and what the system chose") {
  RunResults results;
  results.system_name = "etcd";
  results.availability = {row("isolated", "write", 0, 41), row("isolated", "read", 0, 57),
                          row("majority", "write", 612, 28), row("majority", "read", 700, 0)};
  results.checks = {checked("linearizable", Verdict::pass)};
  auto words = plain_words(results);
  REQUIRE(words.size() == 3);
  CHECK(words[0] ==
        "Clients of the side that was cut off (n1): 0 of 41 writes and 0 of 57 reads answered.");
  CHECK(words[1] ==
        "Clients of the majority's side: 612 of 640 writes and 700 of 700 reads answered.");
  CHECK(words[2].find("chose consistency") != std::string::npos);
  results.availability[1] = row("isolated", "read", 57, 0);
  results.checks[0].verdict = Verdict::fail;
  words = plain_words(results);
  CHECK(words[2].find("chose availability for reads") != std::string::npos);
  results.availability.clear();
  CHECK(plain_words(results).empty());
}

TEST_CASE("nemesis: when the next turn may start") {
  // After 3 s of calm; then a period after the last start, but never sooner than 1 s after recovery.
  CHECK(next_start(100 * kSecond, -1, 100 * kSecond, 9 * kSecond) == 103 * kSecond);
  CHECK(next_start(100 * kSecond, 103 * kSecond, 110 * kSecond, 9 * kSecond) == 112 * kSecond);
  CHECK(next_start(100 * kSecond, 103 * kSecond, 115 * kSecond, 9 * kSecond) == 116 * kSecond);
  CHECK(known_nemeses() == std::vector<std::string>{"partition", "fault", "kill", "pause", "skew"});
}

TEST_CASE("probe: the leader is whom a majority names, in the highest term") {
  const auto view = [](const char* self, const char* leader, std::uint64_t term) {
    return std::optional<NodeView>(NodeView{self, leader, term});
  };
  CHECK(leader_of({view("a", "a", 2), view("b", "a", 2), view("c", "a", 2)}) == std::size_t{0});
  // An old leader that was cut off still names itself.
  CHECK(leader_of({view("a", "a", 2), view("b", "b", 3), view("c", "b", 3)}) == std::size_t{1});
  CHECK_FALSE(leader_of({view("a", "a", 2), view("b", "", 3), view("c", "", 3)}).has_value());
  CHECK_FALSE(leader_of({view("a", "a", 2), std::nullopt, std::nullopt}).has_value());
  CHECK(leader_of({std::nullopt, view("b", "c", 4), view("c", "c", 4)}) == std::size_t{2});
}
