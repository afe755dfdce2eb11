// Power, fault windows and availability rows.
#include "check/check.hpp"
#include "check/json.hpp"
#include "check/power.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::Build;
using sunder::check::test::TempFile;

namespace {

FaultWindow cut(Nanos from, Nanos to) {
  FaultWindow window;
  window.name = "p1";
  window.kind = "drop";
  window.from = from;
  window.to = to;
  window.sides = {{"n2", "n3"}, {"n1"}};
  return window;
}

const AvailabilityRow& row(const std::vector<AvailabilityRow>& rows, const std::string& fault,
                           const std::string& side, const std::string& op) {
  for (const auto& r : rows) {
    if (r.fault == fault && r.side == side && r.op == op) return r;
  }
  FAIL("no row " << fault << " " << side << " " << op);
  return rows.front();
}

}  // namespace

TEST_CASE("power counts observations that could have caught something", "[check]") {
  Build build;
  build.read(0, 1, 0).at("n1");  // nothing written yet
  build.write(2, 10, 1).at("n2");
  build.read(5, 6, 1).at("n1");                  // not yet acknowledged
  build.read(10, 11, 1).at("n1");                // at its very end: concurrent
  build.read(12, 13, 1).at("n1");                // power
  build.write(20, 30, 2).at("n2");               // acknowledged inside the window
  build.read(31, 32, 2).at("n1");                // power, inside, across
  build.read(33, 34, 2).at("n3");                // power, inside
  build.cas(35, 36, 7, 8).mismatch(2).at("n1");  // power, inside, across
  build.cas(37, 38, 7, 8).mismatch().at("n1");   // no observation
  build.read(60, 61, 2).at("n1");                // power, across (after the heal)
  build.cas(70, 71, 2, 3).at("n1");              // power, across; and a write itself
  build.read(72, 73, 3).at("n2");                // power, across: of what n1 wrote after the heal
  build.read(80, 81, 0).at("n2").key("other");   // another key
  const Power power = measure_power(build.history, {cut(15, 50)});
  CHECK(power.total == 7);
  CHECK(measure_power(build.history, {}).total == power.total);
  CHECK(power.inside == 3);
  CHECK(power.across == 5);
  // The next cut makes other sides: what was acknowledged before it is across no longer.
  CHECK(measure_power(build.history, {cut(15, 50), cut(55, 58)}).across == 2 + 1);
}

TEST_CASE("events become fault windows with sides", "[check]") {
  const TempFile file(
      R"({"time":1,"event":"node","name":"n1"})"
      "\n"
      R"({"time":5,"event":"partition","name":"p1","kind":"drop","asked_at":4,"in_force_at":5,)"
      R"("pairs":[["n1","n2"],["n2","n1"],["n1","n3"],["n3","n1"]]})"
      "\n"
      R"({"time":6,"event":"fault","name":"slow","kind":"delay","pairs":[["n1","n2"]]})"
      "\n"
      R"({"time":9,"event":"heal","name":"p1","kind":"drop","asked_at":8,"in_force_at":9,)"
      R"("touched":{"connections":1},"vacuous":false})"
      "\n"
      R"({"time":20,"event":"partition","name":"p1","kind":"hold","asked_at":19,)"
      R"("in_force_at":20,"pairs":[["n1","n2"],["c1","n1"]]})"
      "\n"
      R"({"time":30,"event":"heal","name":"p1","kind":"hold","asked_at":29,"in_force_at":30,)"
      R"("vacuous":true})"
      "\n"
      R"({"time":40,"event":"fault","name":"f9","kind":"refuse","asked_at":39,"in_force_at":40,)"
      R"("pairs":[["n1","n2"],["n2","n3"],["n1","n3"]]})"
      "\n"
      R"({"index":7,"ti)");
  const auto windows = read_fault_windows(file.path(), {"n1", "n2", "n3"});
  REQUIRE(windows.ok());
  REQUIRE(windows->size() == 3);
  const auto& first = windows->at(0);
  CHECK(first.from == 5);
  CHECK(first.to == 8);
  CHECK(first.kind == "drop");
  CHECK(first.pairs.size() == 4);
  CHECK_FALSE(first.vacuous);
  CHECK(first.sides == std::vector<std::vector<std::string>>{{"n2", "n3"}, {"n1"}});
  const auto& second = windows->at(1);  // n1 and n2 still meet through n3
  CHECK(second.vacuous);
  CHECK(second.pairs.size() == 1);
  CHECK(second.sides == std::vector<std::vector<std::string>>{{"n1", "n2", "n3"}});
  CHECK(second.to == 29);
  CHECK(windows->at(2).sides.size() == 3);
  CHECK(windows->at(2).to == kNever);

  const TempFile bad(
      "{\"event\":\"node\"}\n{\"event\":\"partition\",\"name\":\"p\",\"kind\":\"drop\","
      "\"in_force_at\":1}\n");
  const auto refused = read_fault_windows(bad.path(), {"n1"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().where == bad.path() + ":2");
  const TempFile torn("nonsense\n");
  CHECK_FALSE(read_fault_windows(torn.path(), {}).ok());
}

TEST_CASE("availability is counted for every kind of operation", "[check]") {
  Build build;
  build.write(1, 2, 1).at("n1").write(3, 4, 1).at("n1").write(5, 6, 1).at("n1");
  build.history.ops[0].kind = OpKind::enqueue;
  build.history.ops[1].kind = OpKind::txn;
  build.history.ops[2].kind = OpKind::other;  // a word that nobody knows
  const auto rows = measure_availability(build.history, {}, {});
  REQUIRE(rows.size() == 2);
  CHECK(row(rows, "", "all", "enqueue").answered == 1);
  CHECK(row(rows, "", "all", "txn").answered == 1);
}

TEST_CASE("availability is counted per window, side and operation", "[check]") {
  constexpr Nanos s = kSecond;
  Build build;
  build.write(1 * s, 1 * s + 1, 1).at("n1").write(2 * s, 2 * s + 1, 2).at("n2");
  build.read(2 * s, 2 * s + 1, 2).at("n1").read(2 * s, 2 * s + 1, 2).at("n2");
  build.write(3 * s, 3 * s + 1, 3).failed(OpErrorClass::definite).at("n3");  // a standby
  // window [10 s, 40 s): settle 5 s, time-out 2 s
  build.write(11 * s, 12 * s, 4).at("n1");                                // while settling
  build.write(16 * s, 17 * s, 5).at("n1");                                // answered
  build.cas(16 * s, 17 * s, 1, 2).mismatch(5).at("n1");                   // cas: not offered
  build.write(18 * s, 20 * s, 6).pending().at("n1");                      // timeout
  build.write(20 * s, 20 * s, 7).failed(OpErrorClass::refused).at("n1");  // error
  build.write(21 * s, 22 * s, 8).pending().at("n1");
  build.history.ops.back().error = OpErrorClass::reset;                        // error
  build.write(30 * s, 41 * s, 9).at("n1");                                     // late
  build.write(39 * s, 41 * s, 10).at("n1");                                    // censored
  build.write(39 * s, 41 * s, 11).pending().at("n1");                          // censored
  build.write(39 * s, 39 * s + 5, 12).failed(OpErrorClass::refused).at("n1");  // error: it tells
  build.write(39 * s, 39 * s + 5, 13).at("n1");                                // answered
  build.write(20 * s, 21 * s, 14).at("n3");                                    // not offered there
  build.write(22 * s, 23 * s, 15).at("n2");                                    // majority
  build.write(50 * s, 51 * s, 16).at("n2");
  build.read(52 * s, 53 * s, 16).pending().at("n2");
  build.history.ops.back().completed = kNever;
  const auto rows = measure_availability(build.history, {cut(10 * s, 40 * s)}, {});

  const auto& isolated = row(rows, "p1", "isolated", "write");
  CHECK(isolated.asked == 9);
  CHECK(isolated.answered == 2);
  CHECK(isolated.timeouts == 1);
  CHECK(isolated.errors == 3);
  CHECK(isolated.late == 1);
  CHECK(isolated.censored == 2);
  CHECK(isolated.settle == 5 * s);
  REQUIRE(isolated.first_answer_after);
  CHECK(*isolated.first_answer_after == 2 * s);
  CHECK(isolated.judged);
  CHECK(isolated.nodes == std::vector<std::string>{"n1"});
  const auto& majority = row(rows, "p1", "majority", "write");
  CHECK(majority.asked == 1);
  CHECK(majority.answered == 1);
  const auto& cas = row(rows, "p1", "isolated", "cas");
  CHECK_FALSE(cas.judged);
  CHECK(cas.note == "not offered in calm weather");
  const auto& calm = row(rows, "", "all", "write");
  CHECK(calm.asked == 3);
  CHECK(calm.answered == 3);
  for (const auto& r : rows) {
    CHECK(r.asked == r.answered + r.errors + r.timeouts + r.late + r.censored);
  }

  const auto brief = measure_availability(build.history, {cut(15 * s, 20 * s)}, {});
  CHECK_FALSE(row(brief, "p1", "isolated", "write").judged);
  CHECK(row(brief, "p1", "isolated", "write").settle == 5 * s / 3);
}

TEST_CASE("what is asked of a node that was killed counts for nobody", "[check]") {
  constexpr Nanos s = kSecond;
  Build build;
  build.write(1 * s, 1 * s + 1, 1).at("n1").write(2 * s, 2 * s + 1, 2).at("n2");
  build.write(3 * s, 3 * s + 1, 3).at("n3");
  // window [10 s, 40 s), settle 5 s; n2 is dead in [20 s, 30 s)
  build.write(17 * s, 19 * s, 4).pending().at("n2");                      // before: counts
  build.write(19 * s, 21 * s, 5).pending().at("n2");                      // was open: left out
  build.write(20 * s, 22 * s, 6).pending().at("n2");                      // left out
  build.write(25 * s, 25 * s, 7).failed(OpErrorClass::refused).at("n2");  // left out
  build.write(26 * s, 27 * s, 8).at("n2");                                // answered, left out too
  build.write(30 * s, 32 * s, 9).pending().at("n2");                      // after: counts
  build.write(33 * s, 34 * s, 10).at("n2");                               // counts
  build.write(21 * s, 23 * s, 11).pending().at("n3");                     // another node: counts
  build.write(22 * s, 22 * s + 1, 12).at("n1");
  build.write(41 * s, 42 * s, 13).at("n1");  // the history goes on behind the window
  AvailabilityOptions options;
  options.outages.push_back({"n2", 20 * s, 30 * s, "n2 was killed (p2)", 0, 0});
  const std::vector<FaultWindow> windows{cut(10 * s, 40 * s)};
  const auto rows = measure_availability(build.history, windows, options);
  const auto& majority = row(rows, "p1", "majority", "write");
  CHECK(majority.asked == 4);
  CHECK(majority.answered == 1);
  CHECK(majority.timeouts == 3);
  CHECK(majority.left_out == 4);
  CHECK(majority.judged);
  CHECK(majority.note == "4 operations left out: n2 was killed (p2)");
  CHECK(row(rows, "p1", "isolated", "write").left_out == 0);
  CHECK(row(rows, "p1", "isolated", "write").note.empty());

  // One with nothing left proves nothing, and has no first answer either.
  options.outages.push_back({"n1", 20 * s, 30 * s, "n1 was paused (p3)", 0, 0});
  const auto none = measure_availability(build.history, windows, options);
  const auto& isolated = row(none, "p1", "isolated", "write");
  CHECK(isolated.asked == 0);
  CHECK_FALSE(isolated.judged);
  CHECK(isolated.note == "void; 1 operation left out: n1 was paused (p3)");
  CHECK_FALSE(isolated.first_answer_after);

  // Only one client is cut off from its node: processes 1, 3, 5, … of two clients.
  for (std::size_t i = 0; i < build.history.ops.size(); ++i) {
    build.history.ops[i].process = static_cast<std::int32_t>(i);
  }
  options.outages = {{"n2", 10 * s, 40 * s, "drop", 2, 1}};
  const auto cut_off = measure_availability(build.history, windows, options);
  const auto& one = row(cut_off, "p1", "majority", "write");
  CHECK(one.left_out == 4);
  CHECK(one.asked == 4);
}

TEST_CASE("sides have the names of the contract", "[check]") {
  constexpr Nanos s = kSecond;
  const auto names = [&](std::vector<std::vector<std::string>> sides) {
    Build build;
    for (const auto& side : sides) {
      for (const auto& node : side) {
        build.read(0, 1, 0).at(node).read(20 * s, 20 * s + 1, 0).at(node);
      }
    }
    FaultWindow window = cut(10 * s, 40 * s);
    window.sides = std::move(sides);
    std::string text;
    for (const auto& r : measure_availability(build.history, {window}, {})) {
      if (!r.fault.empty()) text += r.side + " ";
    }
    return text;
  };
  CHECK(names({{"n2", "n3"}, {"n1"}}) == "majority isolated ");
  CHECK(names({{"n1", "n2", "n3"}, {"n4", "n5"}}) == "majority minority ");
  CHECK(names({{"n1", "n2"}, {"n3", "n4"}}) == "minority minority ");
  CHECK(names({{"n1"}, {"n2"}, {"n3"}}) == "minority minority minority ");
  CHECK(names({{"n1", "n2", "n3"}}) == "all ");
}

TEST_CASE("results as JSON", "[check]") {
  std::string text;
  append_json_string(text, "a\"\\\n\x01é");
  CHECK(text == "\"a\\\"\\\\\\n\\u0001é\"");
  CheckResult result;
  result.name = "linearizable";
  result.verdict = Verdict::pass;
  result.text = "t";
  result.method = "m";
  result.power = 3;
  result.keys.pass = 2;
  CHECK(
      check_json(result, {}) ==
      R"({"name":"linearizable","verdict":"pass","reason":null,"text":"t","method":"m","power":3,)"
      R"("power_inside":0,"power_across":0,"keys":{"pass":2,"fail":0,"unknown":0}})");
  result.verdict = Verdict::fail;
  result.key = "k1";
  const std::string failed = check_json(result, {"{\"index\":1}", "{\"index\":4}"});
  CHECK(failed.find(R"("key":"k1","witness":[{"index":1},{"index":4}]})") != std::string::npos);
  AvailabilityRow r;
  r.fault = "p1";
  r.nodes = {"n1"};
  r.op = "read";
  CHECK(row_json(r) ==
        R"({"fault":"p1","from":0,"to":0,"side":"","nodes":["n1"],"op":"read","asked":0,)"
        R"("answered":0,"errors":0,"timeouts":0,"late":0,"censored":0,"settle_ns":0,)"
        R"("timeout_ns":0,"first_answer_after_ns":null,"judged":true,"note":"","left_out":0})");
}

TEST_CASE("a witness inside a fault window goes before one behind it", "[check]") {
  Build build;
  build.write(0, 1, 1).at("n2");
  build.write(20, 21, 2).at("n2");
  build.read(25, 26, 1).at("n1");  // stale, while the cut is in force
  build.read(60, 90, 1).at("n1");  // stale, after the heal
  const Budget budget;
  const std::vector<std::uint32_t> inside{0, 1, 2, 3, 4, 5};
  const auto result = check_linearizable(build.history, budget, {cut(10, 50)});
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.witness == inside);
  // No read was wrong while this cut was in force: then any proof will do.
  CHECK(check_linearizable(build.history, budget, {cut(2, 15)}).verdict == Verdict::fail);
}
