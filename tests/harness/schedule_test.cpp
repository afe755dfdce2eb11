// Schedules: windows in a suite, suites as text and back, whose turn is next, and dice that depend on the turn alone.
#include <unistd.h>

#include <fstream>
#include <string>

#include "harness/nemesis.hpp"
#include "harness/suite.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

const std::string kHead = R"(schema = 1
[cluster]
system = "embedded-quorum"
nodes = 3
[workload]
time = "20s"
)";

const std::string kWindows = kHead + R"([[nemesis]]
name = "partition"
targets = "n2"
kind = "reset"
at = "1.5s"
for = "500ms"
[[nemesis]]
name = "partition"
pairs = ["n1:n2", "n2:n1"]
kind = "reset"
at = "2s"
for = "1s"
turn = 7
)";

Result<Suite> load(const std::string& text) {
  const ::test::TempDir folder;
  const std::string path = folder.path() + "/s.toml";
  std::ofstream(path) << text;
  return load_suite(path);
}

std::string refusal(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  const auto suite = load(text.replace(at, from.size(), to));
  return suite ? std::string() : suite.error().text();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

NemesisSpec window(Nanos at, unsigned turn = 0) {
  NemesisSpec spec;
  spec.at = at;
  spec.turn = turn;
  return spec;
}

}  // namespace

TEST_CASE("schedule: windows at a time are read") {
  const auto suite = load(kWindows);
  INFO((suite ? "" : suite.error().text()));
  REQUIRE(suite.ok());
  REQUIRE(suite->nemeses.size() == 2);
  CHECK(suite->nemeses[0].window());
  CHECK(suite->nemeses[0].at == 1500 * kMillisecond);
  CHECK(suite->nemeses[0].targets == "n2");
  CHECK(suite->nemeses[1].pairs == std::vector<Pair>{{"n1", "n2"}, {"n2", "n1"}});
  CHECK(suite->nemeses[1].turn == 7);
}

TEST_CASE("schedule: what can't be is refused with its line") {
  std::string said = refusal(kWindows, "at = \"2s\"", "at = \"1.9s\"");
  INFO(said);
  CHECK(has(said, "s.toml:17"));
  CHECK(has(said, "do not overlap"));
  CHECK(has(refusal(kWindows, "at = \"2s\"", "at = \"20s\""), "after the load's time"));
  CHECK(has(refusal(kWindows, "at = \"2s\"", "at = \"2s\"\nevery = \"9s\""), "s.toml:18"));
  CHECK(has(refusal(kWindows, "\"n1:n2\"", "\"n1:n9\""), "n1:n9"));
  CHECK(has(refusal(kWindows, "\"n1:n2\"", "\"n1\""), "is not a pair"));
  CHECK(has(refusal(kWindows, "pairs = ", "targets = \"n1\"\npairs = "), "not both"));
  CHECK(has(refusal(kWindows, "turn = 7", "turn = -7"), "turn"));
}

TEST_CASE("schedule: pairs with clients and with every node") {
  const auto with = [](const std::string& pairs) {
    std::string text = kWindows;
    text.replace(text.find("\"n1:n2\", \"n2:n1\""), 16, pairs);
    return text;
  };
  const auto suite = load(with("\"c1:n1\", \"n2:c6\", \"*:n3\", \"c2:*\", \"*\""));
  INFO((suite ? "" : suite.error().text()));
  REQUIRE(suite.ok());
  CHECK(suite->nemeses[1].pairs ==
        std::vector<Pair>{{"c1", "n1"}, {"n2", "c6"}, {"*", "n3"}, {"c2", "*"}, {"*", "*"}});
  CHECK(clients_named(*suite) == 6);
  const auto again = load(suite_toml(*suite));
  REQUIRE(again.ok());
  CHECK(again->nemeses[1].pairs == suite->nemeses[1].pairs);
  // The sixth client is the last one.
  const std::string said = refusal(with("\"c1:n1\", \"n2:c7\""), "turn", "turn");
  INFO(said);
  CHECK(has(said, "s.toml:15"));
  CHECK(has(said, "there is no client c7; [workload] has clients = 6"));
  CHECK(has(refusal(with("\"c0:n1\""), "turn", "turn"), "there is no client c0"));
  CHECK(has(refusal(with("\"c01:n1\""), "turn", "turn"), "there is no client c01"));
  for (const char* wrong : {"c1:c2", "client:n1", "c1:n9", "c1", "n1:n1", "c1:c1", ":n1"}) {
    INFO(wrong);
    CHECK(has(refusal(with('"' + std::string(wrong) + '"'), "turn", "turn"), "is not a pair"));
  }
}

TEST_CASE("schedule: a suite as text is the same suite again") {
  auto suite = load(kWindows);
  REQUIRE(suite.ok());
  suite->cluster.network = "explicit";
  suite->cluster.overrides.push_back(
      {"n2", "", "", "", {"--bug=stale-read", "a \"b\" \\ c"}, {{"A", "x\ny"}}, true});
  suite->workload.rate = 12.345;
  suite->workload.op_timeout = 1234567891;  // does not fit the readable form
  suite->workload.keys = 17;
  suite->linearizable = {true, 3, 4};
  suite->availability = {true, "yes", "no", 2 * kSecond};
  suite->recovery = {true, 7 * kSecond};
  suite->checks = {"causal", "session"};
  suite->nemeses.push_back(window(12 * kSecond, 9));
  suite->nemeses.back().kind = CutKind::close;
  suite->nemeses.push_back({});  // by `every`
  suite->nemeses.back().kind = CutKind::refuse;
  suite->nemeses.back().name = "skew";
  suite->nemeses.back().offset = -250 * kMillisecond - 1;
  suite->cluster.system = "redis-sentinel";
  suite->cluster.client = {{"wait", "1"}};
  const std::string text = suite_toml(*suite, {"met n2"});
  INFO(text);
  CHECK(has(text, "# met n2"));
  const auto again = load(text);
  INFO((again ? "" : again.error().text()));
  REQUIRE(again.ok());
  CHECK(suite_toml(*again, {"met n2"}) == text);
  CHECK(again->workload.op_timeout == 1234567891);
  CHECK(again->workload.rate == 12.345);
  REQUIRE(again->cluster.overrides.size() == 1);
  CHECK(again->cluster.overrides[0].args == suite->cluster.overrides[0].args);
  CHECK(again->cluster.overrides[0].env == suite->cluster.overrides[0].env);
  CHECK(again->linearizable.power_across == 4);
  CHECK(again->availability.minority == "no");
  CHECK(again->recovery.bound == 7 * kSecond);
  CHECK(again->checks == suite->checks);
  REQUIRE(again->nemeses.size() == 4);
  CHECK(again->nemeses[2].turn == 9);
  CHECK(again->nemeses[3].every == 9 * kSecond);
  CHECK_FALSE(again->nemeses[3].window());
  CHECK(again->nemeses[3].offset == -250 * kMillisecond - 1);
  CHECK(again->cluster.client == suite->cluster.client);
}

TEST_CASE("schedule: the turns that were are a suite of windows") {
  const auto suite = load(kHead + "[[nemesis]]\nname = \"partition\"\ntargets = \"leader\"\n");
  REQUIRE(suite.ok());
  Turn turn{window(21 * kSecond, 3), {"n2"}};  // the search for the leader took it past the time
  const std::string text = schedule_toml(*suite, {turn}, 42);
  INFO(text);
  CHECK(has(text, "--seed 42"));
  CHECK(has(text, "# met n2"));
  const auto again = load(text);
  INFO((again ? "" : again.error().text()));
  REQUIRE(again.ok());
  REQUIRE(again->nemeses.size() == 1);
  CHECK(again->nemeses[0].targets == "leader");
  CHECK(again->nemeses[0].at == 21 * kSecond);
  CHECK(again->nemeses[0].turn == 3);
}

TEST_CASE("schedule: a window comes at its time, without calm, and once") {
  const std::vector<NemesisSpec> windows{window(kSecond), window(2 * kSecond)};
  const Nanos begin = 100 * kSecond;
  auto next = next_turn(windows, {-1, -1}, begin, begin);
  REQUIRE(next.has_value());
  CHECK(next->spec == 0);
  CHECK(next->start == begin + kSecond);
  // The one before it took longer: it is due since long, and the next one.
  next = next_turn(windows, {begin + kSecond, -1}, begin, begin + 5 * kSecond);
  REQUIRE(next.has_value());
  CHECK(next->spec == 1);
  CHECK(next->start == begin + 2 * kSecond);
  CHECK_FALSE(next_turn(windows, {begin, begin}, begin, begin).has_value());
  CHECK_FALSE(next_turn({}, {}, begin, begin).has_value());
}

TEST_CASE("schedule: nemeses by `every` have their turns one after the other") {
  NemesisSpec often;
  often.every = 2 * kSecond;
  NemesisSpec seldom;
  seldom.every = 20 * kSecond;
  const Nanos begin = 50 * kSecond;
  CHECK(next_turn({often, seldom}, {-1, -1}, begin, begin)->spec == 0);
  // Both are due at the same moment: the one that had no turn yet.
  const auto next =
      next_turn({often, seldom}, {begin + 3 * kSecond, -1}, begin, begin + 8 * kSecond);
  CHECK(next->spec == 1);
  CHECK(next->start == begin + 9 * kSecond);
}

TEST_CASE("schedule: a turn's dice depend on the seed and its number only") {
  NemesisContext one;
  one.seed = 11;
  one.turn = 4;
  NemesisContext other = one;
  CHECK(one.dice().next() == other.dice().next());
  other.turn = 5;
  CHECK(one.dice().next() != other.dice().next());
  other.turn = 4;
  other.seed = 12;
  CHECK(one.dice().next() != other.dice().next());
}
