// report.html: of a made-up run (synthetic_run.hpp), judged by the real court.
//
// To look at the page: SUNDER_REPORT_DIR=/some/empty/folder test_harness '[page]'
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/report/parts.hpp"
#include "tests/harness/synthetic_run.hpp"
#include "tests/harness/times.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;
using sunder::harness::test::times;
namespace rep = sunder::harness::report;

namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Every opened tag is closed in order; the page is written by us, so this small rule is enough.
void check_nesting(const std::string& html) {
  std::vector<std::string> open;
  const std::vector<std::string> alone{"meta", "!DOCTYPE"};
  const std::size_t script = html.find("<script>");
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string::npos; ++at) {
    if (at > script && at < html.find("</script>")) continue;  // JavaScript
    const std::size_t end = html.find('>', at);
    REQUIRE(end != std::string::npos);
    std::string name = html.substr(at + 1, html.find_first_of(" >/\n", at + 2) - at - 1);
    if (html[at + 1] == '/') {
      REQUIRE_FALSE(open.empty());
      CHECK(open.back() == html.substr(at + 2, end - at - 2));
      open.pop_back();
    } else if (html[end - 1] != '/' && std::find(alone.begin(), alone.end(), name) == alone.end()) {
      open.push_back(name);
    }
  }
  CHECK(open.empty());
}

}  // namespace

TEST_CASE("report: one self-contained page with every section", "[report]") {
  const ::test::TempDir dir;
  const auto results = synthetic::write_run(dir.path(), 60 * kMillisecond);
  REQUIRE(results.checks.at(0).verdict == check::Verdict::fail);  // the store is stale by design
  REQUIRE(write_report(dir.path()).ok());
  const std::string html = slurp(dir.path() + "/report.html");

  std::size_t last = 0;  // the order that a reader needs: the verdict first, the words last
  for (const char* part :
       {"<h1>etcd 3.4.23", "id=\"verdicts\"", "id=\"witness\"", "id=\"timeline\"", "id=\"latency\"",
        "id=\"phases\"", "id=\"availability\"", "id=\"staleness\"", "id=\"ladder\"",
        "id=\"faults\"", "id=\"recovery\"", "id=\"reproduce\"", "id=\"words\""}) {
    INFO(part);
    const std::size_t at = html.find(part);
    REQUIRE(at != std::string::npos);
    CHECK(at > last);
    last = at;
  }
  check_nesting(html);
  for (const char* outside : {"src=", "href=", "url(", "@import", "fetch(", "http://"}) {
    INFO(outside);
    // The one address is the name of the SVG namespace in the script.
    CHECK(times(html, outside) == (std::string(outside) == "http://" ? 1 : 0));
  }
  CHECK(html.find("--seed 42") != std::string::npos);
  CHECK(html.find(dir.path()) == std::string::npos);  // no path of this machine
  CHECK(html.find("p2: drop, n1,n2 | n3") != std::string::npos);
  CHECK(html.find("n1 is cut off by p1") != std::string::npos);
  CHECK(html.find("never, in any cut") != std::string::npos);
  CHECK(times(html, "class=\"bar ") >= 2);  // the witness is drawn
  CHECK(html.find("nan") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir.path() + "/report.html.new"));

  REQUIRE(write_report(dir.path()).ok());
  CHECK(html == slurp(dir.path() + "/report.html"));  // the same input, the same bytes
}

TEST_CASE("report: a large history gives a page of the same size", "[report]") {
  const ::test::TempDir dir;
  const auto results = synthetic::write_run(dir.path(), 4 * kMillisecond);
  REQUIRE(results.ops > 20'000);
  REQUIRE(write_report(dir.path()).ok());
  CHECK(std::filesystem::file_size(dir.path() + "/report.html") < 500'000);
}

TEST_CASE("report: what is missing is said, and the rest is drawn", "[report]") {
  const ::test::TempDir dir;
  SECTION("no results: an error that says what to do") {
    const auto written = write_report(dir.path());
    REQUIRE_FALSE(written.ok());
    CHECK(exit_code(written.error().code) == 2);
    CHECK(written.error().message.find("results.json") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(dir.path() + "/report.html"));
  }
  SECTION("damaged results") {
    std::ofstream(dir.path() + "/results.json") << "{\"verdict\":";
    const auto written = write_report(dir.path());
    REQUIRE_FALSE(written.ok());
    CHECK(exit_code(written.error().code) == 2);
    CHECK(written.error().text().find("results.json") != std::string::npos);
  }
  SECTION("neither history nor event log") {
    synthetic::write_run(dir.path(), 60 * kMillisecond);
    std::filesystem::remove(dir.path() + "/history.jsonl");
    std::filesystem::remove(dir.path() + "/events.jsonl");
    REQUIRE(write_report(dir.path()).ok());
    const std::string html = slurp(dir.path() + "/report.html");
    check_nesting(html);
    CHECK(html.find("The history could not be read") != std::string::npos);
    CHECK(html.find("The event log could not be read") != std::string::npos);
    CHECK(html.find("id=\"faults\"") != std::string::npos);
  }
  SECTION("a run without anything") {
    std::ofstream(dir.path() + "/results.json")
        << R"({"verdict":"unknown","reason":"interrupted"})";
    REQUIRE(write_report(dir.path()).ok());
    const std::string html = slurp(dir.path() + "/report.html");
    check_nesting(html);
    CHECK(html.find("the run was interrupted (interrupted)") != std::string::npos);
  }
}

TEST_CASE("report: names and values can't become markup", "[report]") {
  rep::ReportData data;
  const std::string evil = "</title><script>alert(1)</script>";
  data.results.system_name = data.results.suite = data.results.reason = evil;
  data.results.nodes = data.nodes = {evil};
  data.history.header.wall = evil;
  data.history.nodes = {evil};
  data.history.keys = {evil};
  REQUIRE(data.history.values.intern_text(evil) == 2);
  check::Op op;
  op.invoked = 10;
  op.completed = 20;
  op.invoke_event = 0;
  op.complete_event = 1;
  op.key = 0;
  op.value = 2;
  op.node = 0;
  op.kind = check::OpKind::write;
  op.outcome = EventType::ok;
  data.history.ops = {op};
  data.lane_of = {0};
  data.has_history = true;
  check::CheckResult c;
  c.name = c.reason = c.text = c.method = c.key = evil;
  c.verdict = check::Verdict::fail;
  c.witness = {0, 1};
  data.results.checks = {c};
  data.results.notes = data.problems = {evil};
  check::AvailabilityRow row;
  row.fault = row.side = row.op = row.note = evil;
  row.nodes = {evil};
  row.asked = row.answered = 1;
  data.results.availability = {row};
  data.results.faults.push_back({evil, evil, {{evil, evil}}, 1, 2, 3, {}, true});
  data.results.recovery.push_back({evil, 1, 2, 3, true});
  data.results.staleness.push_back({evil, evil, 2, 1, {1, 2, 3, 4}, {0, 0, 0, 1}});
  data.results.lost_writes.push_back({evil, evil, evil, evil, evil, evil, 1, 2, 3, 4});
  data.results.ladder.push_back({evil, check::RungState::unknown, 1, evil, evil});
  data.windows.push_back({evil, evil, 5, 15, {{evil, evil}}, true, {{"x"}, {evil}}});
  data.from = 10;
  data.to = 20;
  const std::string html = rep::page(data);
  check_nesting(html);
  CHECK(times(html, "<script>") == 1);  // our own
  CHECK(times(html, "alert(1)") > 10);  // they are shown, as text
}

TEST_CASE("report: what each fault met, and no column for what none met", "[report]") {
  rep::ReportData data;
  Touched touched;
  touched.packets = 311;
  touched.attempts = 12;
  data.results.faults.push_back(
      {"p1", "drop", {}, kSecond, 1002 * kMillisecond, 0, touched, false});
  data.results.faults.push_back({"p2", "drop", {}, kSecond, kSecond, 3 * kSecond, {}, true});
  std::string html = rep::faults_section(data);
  CHECK(html.find("<td class=\"n\">311</td>") != std::string::npos);
  CHECK(html.find("<td class=\"n\">12</td>") != std::string::npos);
  CHECK(html.find("<td class=\"n\">2 ms</td>") != std::string::npos);  // until it was in force
  CHECK(html.find("to the end") != std::string::npos);
  CHECK(html.find("messages omitted") == std::string::npos);
  CHECK(html.find("bytes held") == std::string::npos);
  CHECK(times(html, "? vacuous") == 1);
  CHECK(html.find("1 of 2 faults met no packet") != std::string::npos);
  data.results.faults[0].touched.messages = 7;
  html = rep::faults_section(data);
  CHECK(html.find("messages omitted") != std::string::npos);
}

TEST_CASE("report: a bar for each side of a judged cut, all operations together", "[report]") {
  rep::ReportData data;
  CHECK(rep::availability_chart(data).empty());
  check::AvailabilityRow row;
  row.fault = "p1";
  row.side = "majority";
  row.nodes = {"n2", "n3"};
  row.op = "read";
  row.asked = row.answered = 30;
  row.first_answer_after = 700 * kMillisecond;
  data.results.availability.push_back(row);
  row.op = "write";
  row.asked = 10;
  row.answered = 7;
  row.timeouts = 3;
  row.first_answer_after = 1200 * kMillisecond;
  data.results.availability.push_back(row);
  std::string html = rep::availability_chart(data);
  CHECK(html.find("p1, majority (n2,n3)") != std::string::npos);
  CHECK(html.find("37 of 40; first answers after 1.20 s") != std::string::npos);
  CHECK(html.find("3 of 40 without an answer") != std::string::npos);
  CHECK(times(html, "<rect") == 2);
  data.results.availability[1].first_answer_after.reset();
  html = rep::availability_chart(data);
  CHECK(html.find("first answers after 700 ms, or never") != std::string::npos);
  for (auto& one : data.results.availability) one.judged = false;
  CHECK(rep::availability_chart(data).empty());  // no empty chart
}

TEST_CASE("report: staleness and the ladder, or nothing where they were not measured", "[report]") {
  rep::ReportData data;
  CHECK(rep::staleness_section(data).empty());
  CHECK(rep::ladder_section(data).empty());
  data.results.staleness.push_back({"", "", 800, 0, {}, {}});
  std::string html = rep::staleness_section(data);
  CHECK(html.find("None of 800 reads") != std::string::npos);
  CHECK(html.find("<svg") == std::string::npos);  // no empty chart
  data.results.staleness[0] = {"", "", 800, 1, {0, 0, 0, 3 * kSecond}, {0, 0, 0, 41}};
  html = rep::staleness_section(data);
  CHECK(html.find("1 of 800 reads (0.1 %)") != std::string::npos);
  CHECK(html.find("3.00 s") != std::string::npos);
  CHECK(html.find("<td class=\"n\">41</td>") != std::string::npos);
  CHECK(times(html, "class=\"mute\"") == 2);                    // the legend, and p99 to the oldest
  CHECK(times(html, "class=\"late\"") == 1);                    // the legend alone: p90 is p99
  CHECK(html.find("by the age of what") == std::string::npos);  // an older results.json has none
  data.results.staleness[0].histogram = {
      {1'000'000, 40}, {2'000'000, 0}, {5'000'000, 10}, {10'000'000, 1}};
  html = rep::staleness_section(data);
  CHECK(times(html, "<svg") == 2);
  CHECK(times(html, "class=\"late\"") == 4);  // a column for each bucket that is not empty
  CHECK(html.find("40 reads") != std::string::npos);
  CHECK(html.find("10 of at most " + rep::span(5'000'000) + ", above " + rep::span(2'000'000)) !=
        std::string::npos);
  CHECK(html.find("height=\"120\"") != std::string::npos);
  CHECK(html.find("height=\"30\"") != std::string::npos);

  using check::RungState;
  data.results.ladder = {{"linearizable", RungState::fail, 9, "", "refuted here"},
                         {"sequential", RungState::unknown, 9, "budget.time", ""},
                         {"causal", RungState::pass, 12'345, "", "held"},
                         {"monotonic-writes", RungState::not_observable, 0, "", "hidden"}};
  html = rep::ladder_section(data);
  CHECK(html.find(
            "The strongest model not refuted is causal, in 12\u202F345 opportunities; undecided "
            "above it: sequential.") != std::string::npos);
  CHECK(html.find("hidden") == std::string::npos);
  CHECK(html.find("budget.time") != std::string::npos);
  data.results.ladder.resize(2);
  html = rep::ladder_section(data);
  CHECK(html.find("No model was shown to hold; undecided above it: sequential.") !=
        std::string::npos);
}

TEST_CASE("svg: numbers and ticks are short and round", "[report]") {
  CHECK(rep::num(1.0) == "1");
  CHECK(rep::num(-0.01) == "0");
  CHECK(rep::num(12.345) == "12.3");
  CHECK(rep::num(1.0 / 0.0) == "0");
  const rep::TimeScale scale{1500 * kMillisecond, 31'200 * kMillisecond, 0, 100};
  const auto marks = rep::ticks(scale, 10);
  REQUIRE(marks.size() == 6);
  CHECK(marks.front() == 5 * kSecond);
  CHECK(marks.back() == 30 * kSecond);
  CHECK(rep::seconds(12'031 * kMillisecond) == "12.031 s");
  CHECK(rep::span(712 * kMillisecond) == "712 ms");
  CHECK(rep::span(1500 * kMillisecond) == "1.50 s");
  CHECK(rep::span(800'000) == "800 µs");
  CHECK(scale.bin(scale.from, 10) == 0);
  CHECK(scale.bin(scale.to, 10) == 9);
  CHECK(scale.edge(10, 10) == scale.to);
  CHECK(rep::count(1234567) == "1\u202F234\u202F567");
}

TEST_CASE("a page to look at, in $SUNDER_REPORT_DIR", "[.][page]") {
  const char* dir = std::getenv("SUNDER_REPORT_DIR");
  REQUIRE(dir != nullptr);
  const char* think = std::getenv("SUNDER_REPORT_THINK_MS");
  synthetic::write_run(dir, (think == nullptr ? 40 : std::atoi(think)) * kMillisecond);
  REQUIRE(write_report(dir).ok());
}
