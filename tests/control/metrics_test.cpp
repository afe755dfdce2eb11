// GET /metrics, read by a strict parser of the text format 0.0.4: names, HELP and TYPE, labels, no sample twice, and the
// figures of a rig.
#include "control/metrics.hpp"

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/control/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;

namespace {

/// A histogram's samples have a suffix each, every other one the name of its family.
bool part_of(const std::string& name, const std::string& family, const std::string& type) {
  if (type != "histogram") return name == family;
  return name == family + "_bucket" || name == family + "_sum" || name == family + "_count";
}

/// Samples by "name{labels}". Fails the test at anything that the format does not allow.
std::map<std::string, std::string> parse(const std::string& text) {
  static const std::regex kHelp("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\n]+");
  static const std::regex kType("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)");
  static const std::regex kSample(
      "([a-zA-Z_:][a-zA-Z0-9_:]*)"
      "(\\{[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\""
      "(?:,[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\")*\\})?"
      " ([0-9]+(?:\\.[0-9]+)?)");
  std::map<std::string, std::string> out;
  std::set<std::string> families;
  std::string help;
  std::string family;
  std::string type;
  REQUIRE(!text.empty());
  REQUIRE(text.back() == '\n');
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    std::smatch match;
    if (std::regex_match(line, match, kHelp)) {
      help = match[1];
      CHECK(families.insert(help).second);
    } else if (std::regex_match(line, match, kType)) {
      family = match[1];
      type = match[2];
      CHECK(family == help);
    } else {
      REQUIRE(std::regex_match(line, match, kSample));
      CHECK(part_of(match[1], family, type));
      const bool total = family.size() > 6 && family.substr(family.size() - 6) == "_total";
      CHECK((!total || type == "counter"));
      CHECK(out.emplace(match[1].str() + match[2].str(), match[3]).second);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("metrics: every figure of a pair and a rule, in a form that a strict parser reads") {
  Rig rig;
  rig.proxy.stats = {{{0, 1}, 2, 7, 1, 3, 100, 90, 10, 5, 4, true}};
  REQUIRE(rig.board->partition(cut({{"n1"}, {"n2"}}, CutKind::drop, "p9")).ok());
  MetricsInput input = gather_metrics(*rig.board, nullptr);
  input.answers = {0, 0, 12, 0, 3, 0};
  input.loop_turn_max = 2 * kSecond;
  auto samples = parse(metrics_text(input));
  const std::string pair = "{from=\"n1\",to=\"n2\"}";
  CHECK(samples["sunder_connections_open" + pair] == "2");
  CHECK(samples["sunder_connections_total" + pair] == "7");
  CHECK(samples["sunder_connections_refused_total" + pair] == "1");
  CHECK(samples["sunder_connections_reset_total" + pair] == "3");
  CHECK(samples["sunder_bytes_in_total" + pair] == "100");
  CHECK(samples["sunder_bytes_out_total" + pair] == "90");
  CHECK(samples["sunder_bytes_held" + pair] == "10");
  CHECK(samples["sunder_bytes_omitted_total" + pair] == "5");
  CHECK(samples["sunder_bytes_changed_total" + pair] == "4");
  CHECK(samples["sunder_pair_intact" + pair] == "1");
  CHECK(samples["sunder_rules_in_force{type=\"cut\"}"] == "1");
  CHECK(samples.count("sunder_rule_touched_packets{rule=\"p9\",kind=\"drop\"}") == 1);
  CHECK(samples["sunder_api_answers_total{status=\"2xx\"}"] == "12");
  CHECK(samples["sunder_api_answers_total{status=\"4xx\"}"] == "3");
  CHECK(samples["sunder_loop_turn_seconds_max"] == "2.000000000");
  CHECK(std::stoull(samples["process_open_fds"]) > 2);
}

TEST_CASE("metrics: loop lag is a histogram of each loop, summed up to its count") {
  Rig rig;
  rig.proxy.lags.resize(2);
  for (const Nanos late :
       {Nanos{0}, 100 * kMicrosecond, 100 * kMicrosecond + 1, 3 * kMillisecond, 5 * kSecond}) {
    rig.proxy.lags[1].observe(late);
  }
  const std::string text = metrics_text(gather_metrics(*rig.board, nullptr));
  auto samples = parse(text);
  CHECK(text.find("# TYPE sunder_loop_lag_seconds histogram\n") != std::string::npos);
  const auto bucket = [&](const std::string& loop, const std::string& le) {
    return samples["sunder_loop_lag_seconds_bucket{loop=\"" + loop + "\",le=\"" + le + "\"}"];
  };
  CHECK(bucket("1", "0.0001") == "2");
  CHECK(bucket("1", "0.00025") == "3");
  CHECK(bucket("1", "0.0025") == "3");
  CHECK(bucket("1", "0.005") == "4");
  CHECK(bucket("1", "1") == "4");
  CHECK(bucket("1", "+Inf") == "5");
  CHECK(samples["sunder_loop_lag_seconds_count{loop=\"1\"}"] == "5");
  CHECK(samples["sunder_loop_lag_seconds_sum{loop=\"1\"}"] == "5.003200001");
  CHECK(bucket("0", "+Inf") == "0");
  CHECK(samples["sunder_loop_lag_seconds_count{loop=\"0\"}"] == "0");
  std::uint64_t before = 0;
  std::size_t buckets = 0;
  for (const Nanos bound : proxy::LoopLag::kBounds) {
    std::ostringstream le;
    le << static_cast<double>(bound) / 1e9;
    const std::string value = bucket("1", le.str());
    REQUIRE_FALSE(value.empty());
    CHECK(std::stoull(value) >= before);
    before = std::stoull(value);
    ++buckets;
  }
  CHECK(buckets == 13);
}

TEST_CASE("metrics: Toxiproxy's counters per proxy, and labels that need escapes") {
  Rig rig;
  ProxyTable table(*rig.board, rig.proxy);
  const auto made = table.add({"a \"b\"\\c\nd", "127.0.0.1:0", "localhost:1", true});
  REQUIRE(made.ok());
  const NodeId client = rig.board->topology()->find("client");
  const NodeId node = rig.board->topology()->find(made->node);
  proxy::PairStats up;
  up.pair = {client, node};
  up.bytes_in = 11;
  up.bytes_out = 9;
  rig.proxy.stats = {up};
  auto samples = parse(metrics_text(gather_metrics(*rig.board, &table)));
  const std::string labels = "{direction=\"upstream\",listener=\"" + made->spec.listen +
                             "\",proxy=\"a \\\"b\\\"\\\\c\\nd\",upstream=\"localhost:1\"}";
  CHECK(samples["toxiproxy_proxy_received_bytes_total" + labels] == "11");
  CHECK(samples["toxiproxy_proxy_sent_bytes_total" + labels] == "9");
  REQUIRE(table.remove("a \"b\"\\c\nd").ok());
}
