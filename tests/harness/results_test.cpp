// results.json: the shape that scripts rely on, and the way back.
#include "harness/results.hpp"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;
using Json = nlohmann::ordered_json;

namespace {

RunResults example() {
  RunResults r;
  r.sunder_version = "0.1.0";
  r.suite = "etcd";
  r.verdict = check::Verdict::fail;
  r.seed = 18446744073709551615U;
  r.system_name = "etcd";
  r.system_version = "3.4.23";
  r.nodes = {"n1", "n2", "n3"};
  r.duration = 35 * kSecond;
  r.ops = 1234;
  check::CheckResult c;
  c.name = "linearizable";
  c.verdict = check::Verdict::fail;
  c.text = "n1 answered with an \"old\" value";
  c.method = "Gibbons-Korach zones";
  c.power = 7;
  c.power_inside = 5;
  c.power_across = 3;
  c.keys = {2, 1, 0};
  c.key = "k3";
  c.witness = {1, 2};
  r.checks.push_back(c);
  check::CheckResult u;
  u.name = "recovery";
  u.verdict = check::Verdict::unknown;
  u.reason = "interrupted";
  r.checks.push_back(u);
  r.faults.push_back(
      {"p1", "drop", {{"n1", "n2"}, {"n2", "n1"}}, 10, 20, 30, {1, 2, 3, 4, 0, 0, 5}, false});
  r.faults.push_back({"p2", "hold", {{"n1", "n3"}}, 40, 50, 0, {}, true});
  check::AvailabilityRow row;
  row.fault = "p1";
  row.from = 20;
  row.to = 30;
  row.side = "isolated";
  row.nodes = {"n1"};
  row.op = "write";
  row.asked = 15;
  row.answered = 1;
  row.errors = 2;
  row.timeouts = 3;
  row.late = 4;
  row.censored = 5;
  row.settle = 6;
  row.timeout = 7;
  row.first_answer_after = 8;
  r.availability.push_back(row);
  row.side = "majority";
  row.first_answer_after.reset();
  row.judged = false;
  row.note = "window too short";
  r.availability.push_back(row);
  r.staleness.push_back(
      {"p1", "n2", 9, 4, {1, 2, 3, 5'000'000'000}, {0, 1, 2, 7}, {{2, 3}, {5, 1}}});
  r.ladder.push_back({"linearizable", check::RungState::fail, 7, "", "an old value"});
  r.ladder.push_back({"sequential", check::RungState::unknown, 6, "budget.time", "out of time"});
  r.ladder.push_back({"monotonic-writes", check::RungState::not_observable, 5, "", ""});
  r.lost_writes.push_back({"add", "s", "41", "n1", "isolated", "p1", 3, 22, 23, 9});
  r.lost_writes.push_back({"write", "k", "\"a \\\"b\\\"\"", "n2", "", "", 4, 24, 25, 1});
  r.recovery.push_back({"p1", 30, 45, 100, true});
  r.recovery.push_back({"p2", 60, 0, 100, false});
  r.stalls.push_back({70, 150 * kMillisecond});
  r.notes = {"the run was interrupted"};
  r.budget = {300 * kSecond, 60 * kSecond, 42 * kSecond, "reads"};
  return r;
}

const char* const kHistory =
    "{\"sunder\":1,\"t0\":0,\"wall\":\"\",\"clock\":\"shared\",\"initial\":null,\"seed\":1,"
    "\"suite\":\"etcd\",\"nodes\":[\"n1\"]}\n"
    "{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"key\":\"k3\","
    "\"value\":1,\"node\":\"n1\"}\n"
    "{\"index\":1,\"time\":2,\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"key\":\"k3\","
    "\"value\":1,\"node\":\"n1\"}\n"
    "{\"index\":2,\"time\":3,\"process\":1,\"type\":\"invoke\",\"f\":\"read\",\"key\":\"k3\","
    "\"value\":null,\"node\":\"n1\"}\n";

}  // namespace

TEST_CASE("results.json has the contract's fields, in order and with its names") {
  const ::test::TempDir dir;
  std::ofstream(dir.path() + "/history.jsonl") << kHistory;
  const auto text = results_json(example(), dir.path() + "/history.jsonl");
  REQUIRE(text.ok());
  const Json j = Json::parse(*text);
  std::vector<std::string> keys;
  for (const auto& [key, value] : j.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"sunder", "verdict", "reason", "seed", "system", "checks",
                                         "faults", "availability", "recovery", "staleness", "suite",
                                         "nodes", "duration", "ops", "stalls", "notes", "ladder",
                                         "lost_writes", "budget"});
  CHECK(j["verdict"] == "fail");
  CHECK(j["reason"].is_null());
  CHECK(j["seed"] == 18446744073709551615U);
  CHECK(j["system"] == Json{{"name", "etcd"}, {"version", "3.4.23"}});
  const Json& c = j["checks"][0];
  CHECK(c["key"] == "k3");
  CHECK(c["keys"] == Json{{"pass", 2}, {"fail", 1}, {"unknown", 0}});
  CHECK(c["power_inside"] == 5);
  REQUIRE(c["witness"].size() == 2);
  CHECK(c["witness"][0]["index"] == 1);  // whole events, as in the file
  CHECK(c["witness"][0]["type"] == "ok");
  CHECK(c["witness"][1]["f"] == "read");
  CHECK(j["checks"][1]["reason"] == "interrupted");
  CHECK(j["faults"][0]["pairs"] == Json::parse(R"([["n1","n2"],["n2","n1"]])"));
  CHECK(j["faults"][0]["touched"]["held_ns"] == 5);
  CHECK(j["faults"][1]["healed_at"].is_null());
  CHECK(j["faults"][1]["vacuous"] == true);
  const Json& row = j["availability"][0];
  CHECK(row["settle_ns"] == 6);
  CHECK(row["timeout_ns"] == 7);
  CHECK(row["first_answer_after_ns"] == 8);
  CHECK(j["availability"][1]["first_answer_after_ns"].is_null());
  CHECK(j["recovery"][1]["recovered_at"].is_null());
  CHECK(j["stalls"][0]["length"] == 150 * kMillisecond);
  REQUIRE(j["staleness"].size() == 1);
  CHECK(j["staleness"][0]["stale"] == 4);
  CHECK(j["staleness"][0]["histogram"] == Json::parse("[[2,3],[5,1]]"));
  CHECK(j["staleness"][0]["age_ns"]["max"] == 5'000'000'000);
  REQUIRE(j["ladder"].size() == 3);
  CHECK(j["ladder"][0]["reason"].is_null());
  CHECK(j["ladder"][1]["reason"] == "budget.time");
  CHECK(j["ladder"][2]["state"] == "not observable");
  REQUIRE(j["lost_writes"].size() == 2);
  CHECK(j["lost_writes"][0]["value"] == 41);
  CHECK(j["lost_writes"][0]["side"] == "isolated");
  CHECK(j["lost_writes"][1]["value"] == "a \"b\"");
  CHECK(j["lost_writes"][1]["fault"].is_null());
  CHECK(j["budget"] == Json::parse(R"({"asked":300000000000,"load_asked":60000000000,
                                       "load_granted":42000000000,"ran_out":"reads"})"));
}

TEST_CASE("results.json read again gives the same results") {
  const ::test::TempDir dir;
  std::ofstream(dir.path() + "/history.jsonl") << kHistory;
  const auto once = results_json(example(), dir.path() + "/history.jsonl");
  REQUIRE(once.ok());
  const auto back = parse_results(*once);
  REQUIRE(back.ok());
  CHECK(back->checks.at(0).witness == std::vector<std::uint32_t>{1, 2});
  CHECK(back->availability.at(1).note == "window too short");
  CHECK_FALSE(back->availability.at(1).judged);
  CHECK(back->staleness.at(0).node == "n2");
  CHECK(back->staleness.at(0).histogram == std::vector<check::AgeBucket>{{2, 3}, {5, 1}});
  CHECK(back->staleness.at(0).behind.max == 7);
  CHECK(back->seed == 18446744073709551615U);
  CHECK(back->recovery.at(0).recovered_at == 45);
  const auto twice = results_json(*back, dir.path() + "/history.jsonl");
  REQUIRE(twice.ok());
  CHECK(*once == *twice);
}

TEST_CASE("results.json is written whatever bytes a message has, and without a history to quote") {
  RunResults r = example();
  r.checks[0].verdict = check::Verdict::unknown;
  r.checks[0].witness.clear();
  r.checks[0].text = "broken \xFF byte";
  r.notes = {"and \xC3 here"};
  const auto text = results_json(r, "/nonexistent/history.jsonl");
  REQUIRE(text.ok());
  CHECK(parse_results(*text).ok());
  CHECK_FALSE(results_json(example(), "/nonexistent/history.jsonl").ok());  // a witness needs it
}

TEST_CASE("damaged results are an error that names the field") {
  const auto message = [](const char* text) {
    const auto r = parse_results(text);
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().code == ErrorCode::invalid);
    return r.error().message;
  };
  CHECK(message("{\"sunder\":\"0.1\"").find("JSON") != std::string::npos);
  CHECK(message("[]").find("object") != std::string::npos);
  CHECK(message("{}").find("verdict") != std::string::npos);
  CHECK(message(R"({"verdict":"maybe"})").find("maybe") != std::string::npos);
  CHECK(message(R"({"verdict":"pass","seed":-1})").find("seed") != std::string::npos);
  CHECK(message(R"({"verdict":"pass","seed":1e300})").find("seed") != std::string::npos);
  CHECK(message(R"({"verdict":"pass","checks":7})").find("checks") != std::string::npos);
  CHECK(message(R"({"verdict":"pass","ladder":[{"state":"odd"}]})").find("odd") !=
        std::string::npos);
  CHECK(message(R"({"verdict":"pass","nodes":[1]})").find("nodes") != std::string::npos);
  CHECK(message(R"({"verdict":"pass","faults":[{"pairs":[["n1"]]}]})").find("pairs") !=
        std::string::npos);
  CHECK(parse_results(R"({"verdict":"pass"})").ok());  // older files lack what is newer
}
