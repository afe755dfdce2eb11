// Drawings of witnesses: every failing history that was written by hand (tests/check/by_hand), judged and drawn. Each
// drawing is well-formed XML, has a bar an operation, and the labels that tell what was wrong.
//
// To look at them: SUNDER_REPORT_DIR=/some/empty/folder test_harness 'witnesses*'
#include <cstdlib>
#include <fstream>
#include <set>

#include "check/check_kind.hpp"
#include "harness/report/parts.hpp"
#include "harness/report/witness_words.hpp"
#include "tests/check/by_hand.hpp"
#include "tests/harness/times.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using sunder::harness::test::times;
namespace rep = sunder::harness::report;
namespace hand = sunder::check::test;

namespace {

struct Drawn {
  check::CheckResult result;
  std::size_t ops = 0;
  std::string html;
  std::string svg;
};

Drawn draw(const std::string& check, const hand::Case& one) {
  rep::ReportData data;
  data.history = hand::history_of(one);
  data.has_history = true;
  data.windows = one.windows;
  data.nodes = {"n1", "n2", "n3"};
  for (const auto& name : data.history.nodes) {
    const auto at = std::find(data.nodes.begin(), data.nodes.end(), name);
    data.lane_of.push_back(static_cast<std::size_t>(at - data.nodes.begin()));
  }
  data.to = 200 * kMillisecond;
  Drawn drawn;
  drawn.result = check::find_check(check)->run(
      {data.history, check::Budget{}, data.windows, 1, "", one.negative_balances});
  drawn.ops = rep::ops_of(drawn.result.witness, data.history).size();
  data.results.checks = {drawn.result};
  drawn.html = rep::witness_section(data);
  const std::size_t begin = drawn.html.find("<svg");
  const std::size_t end = drawn.html.find("</svg>");
  if (begin != std::string::npos && end != std::string::npos) {
    drawn.svg = drawn.html.substr(begin, end + 6 - begin);
  }
  return drawn;
}

// XML, as far as a drawing uses it: tags closed in order, quoted attributes that stand once, no bare < or & in a text.
void check_xml(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size(); ++at) {
    if (xml[at] == '&') {
      const std::string entity = xml.substr(at, xml.find(';', at) + 1 - at);
      const std::set<std::string> known{"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
      INFO(entity);
      CHECK(known.contains(entity));
    }
    if (xml[at] != '<') continue;
    const std::size_t end = xml.find('>', at);
    REQUIRE(end != std::string::npos);
    const std::string tag = xml.substr(at + 1, end - at - 1);
    INFO(tag);
    CHECK(tag.find('<') == std::string::npos);
    if (tag[0] == '/') {
      REQUIRE_FALSE(open.empty());
      CHECK(open.back() == tag.substr(1));
      open.pop_back();
    } else {
      CHECK(times(tag, "\"") % 2 == 0);
      std::set<std::string> names;
      for (std::size_t q = tag.find("=\""); q != std::string::npos; q = tag.find("=\"", q)) {
        const std::size_t start = tag.rfind(' ', q) + 1;
        CHECK(names.insert(tag.substr(start, q - start)).second);
        q = tag.find('"', q + 2);
      }
      if (tag.back() != '/') open.push_back(tag.substr(0, tag.find_first_of(" \n")));
    }
    at = end;
  }
  CHECK(open.empty());
}

}  // namespace

TEST_CASE("witnesses of every check are drawn as well-formed XML", "[report]") {
  std::size_t drawings = 0;
  for (const check::CheckKind* kind : check::all_checks()) {
    if (kind->measurement) continue;
    for (const auto& one : hand::read_cases(kind->name)) {
      if (one.verdict != "fail") continue;
      CAPTURE(kind->name, one.title);
      const Drawn drawn = draw(kind->name, one);
      REQUIRE(drawn.result.verdict == check::Verdict::fail);
      REQUIRE(!drawn.svg.empty());
      check_xml(drawn.svg);
      CHECK(times(drawn.svg, "class=\"bar ") == drawn.ops);
      CHECK(times(drawn.html, "class=\"say\"") == 1);
      CHECK(drawn.html.find("<p class=\"say\"></p>") == std::string::npos);
      CHECK(drawn.svg.find("nan") == std::string::npos);
      ++drawings;
      if (const char* folder = std::getenv("SUNDER_REPORT_DIR"); folder != nullptr) {
        std::ofstream(std::string(folder) + "/" + kind->name + "-" + std::to_string(one.line) +
                      ".html")
            << "<!DOCTYPE html><meta charset=\"utf-8\"><style>" << rep::style_sheet() << "</style>"
            << drawn.html;
      }
    }
  }
  CHECK(drawings > 40);
}

TEST_CASE("witnesses: labels tell what each operation did and saw", "[report]") {
  struct Wanted {
    const char* check;
    const char* title;  // the beginning of the case's
    std::vector<const char*> labels;
  };
  const std::vector<Wanted> all{
      {"linearizable", "2 was acknowledged", {">write 2<", ">read → 1<", "class=\"edge\""}},
      {"causal", "the comment was seen", {">write 2<", ">read → absent<", "class=\"head\""}},
      {"set", "an acknowledged element", {">add 1<", ">read → [2]<"}},
      {"queue", "1 went in before 2", {">enqueue 1<", ">dequeue → 2<", ">dequeue → 1<"}},
      {"counter", "less than", {">increment 2<", ">read → 1<"}},
      {"bank", "five more", {"read → {&quot;0&quot;:10,"}},
      {"lock", "the second token", {">acquire → 5<"}},
      {"list-append", "G2-item", {">r x → []<", ">append y 1<", ">rw x<", ">rw y<"}},
      {"list-append", "G1a", {">append x 1<", ">r x → [1]<", "transaction, failed", ">wr x<"}},
      {"snapshot-isolation", "half of another", {">wr x<", "rw y"}},
      {"read-atomic", "half of the second", {">w x 1<", ">r y → 2<", ">wr x<", ">wr y<"}},
      {"long-fork", "x came first", {">r x → 1<", ">r y → absent<"}},
  };
  for (const Wanted& wanted : all) {
    bool found = false;
    for (const auto& one : hand::read_cases(wanted.check)) {
      if (one.verdict != "fail" || one.title.rfind(wanted.title, 0) != 0) continue;
      found = true;
      const Drawn drawn = draw(wanted.check, one);
      for (const char* label : wanted.labels) {
        INFO(wanted.check << ": " << label << "\n" << drawn.svg);
        CHECK(drawn.svg.find(label) != std::string::npos);
      }
    }
    INFO(wanted.check << ": " << wanted.title);
    CHECK(found);
  }
}

TEST_CASE("witnesses: the sentence names the partition that was in force", "[report]") {
  hand::Case one;
  for (auto& known : hand::read_cases("queue")) {
    if (known.verdict == "fail" && one.events.empty()) one = known;
  }
  hand::add_cut(one, "cut 30-70 n1,n2 | n3");
  const Drawn drawn = draw("queue", one);
  INFO(drawn.html);
  CHECK(drawn.html.find("the partition n1,n2 | n3 was in force") != std::string::npos);
  CHECK(drawn.svg.find("p1 (drop)") != std::string::npos);
}
