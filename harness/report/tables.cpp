// Tables: the headline, the verdicts, recovery, stalls and notes.
//
// RunResults → HTML. Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <map>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

using check::CheckResult;
using check::Verdict;

// The word stands beside the colour, for those who don't see it and for paper.
std::string badge(Verdict verdict) {
  const char* mark = verdict == Verdict::pass ? "✓" : verdict == Verdict::fail ? "✗" : "?";
  return std::string("<span class=\"badge ") + name_of(verdict) + "\">" + mark + " " +
         name_of(verdict) + "</span>";
}

// The contract's reason codes in plain words.
std::string reason_words(const std::string& code) {
  static const std::map<std::string, std::string> words{
      {"vacuous.no_power", "nothing was observed that could have caught a violation"},
      {"vacuous.fault", "the faults met no traffic, so nothing was put to the test"},
      {"budget.time", "the check ran out of its time"},
      {"budget.memory", "the check ran out of its memory"},
      {"interrupted", "the run was interrupted"},
      {"crashed", "the checker failed"},
      {"input", "the history can't be judged as it is"},
  };
  const auto found = words.find(code);
  return found == words.end() ? code : found->second + " (" + code + ")";
}

std::string sentence_of(const CheckResult& c) {
  std::string text = c.text;
  if (text.empty()) text = c.reason.empty() ? "no details" : reason_words(c.reason);
  return text;
}

std::string fact(const char* name, const std::string& value) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + escape_markup(value) + "</dd></div>\n";
}

std::string list_items(const std::vector<std::string>& items) {
  std::string out = "<ul>\n";
  for (const auto& item : items) out += "<li>" + escape_markup(item) + "</li>\n";
  return out + "</ul>\n";
}

std::string recovery_table(const RunResults& results) {
  std::string out =
      "<div class=\"wide\"><table><thead><tr><th>fault</th><th class=\"n\">healed at</th><th "
      "class=\"n\">all nodes served again after</th><th class=\"n\">bound</th><th>result</th></tr>"
      "</thead><tbody>\n";
  std::size_t shown = 0;
  for (const auto& r : results.recovery) {
    if (++shown > kMaxRows) break;
    out += "<tr>" + cell(r.fault) + cell(seconds(r.healed_at), "n") +
           cell(r.recovered ? span(r.recovered_at - r.healed_at) : "not within the bound", "n") +
           cell(r.bound > 0 ? span(r.bound) : "none", "n") + "<td>" +
           badge(r.recovered ? Verdict::pass : Verdict::fail) + "</td></tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

std::string headline(const ReportData& data) {
  const auto& r = data.results;
  std::string system = r.system_name.empty() ? "A database" : r.system_name;
  if (!r.system_version.empty()) system += " " + r.system_version;
  std::string nodes;
  for (const auto& node : data.nodes) nodes += (nodes.empty() ? "" : ", ") + node;
  std::string out = "<header>\n<p class=\"brand\">sunder report</p>\n<h1>" + escape_markup(system) +
                    " " + badge(r.verdict) + "</h1>\n";
  if (!r.reason.empty()) {
    out += "<p class=\"say\">Because " + escape_markup(reason_words(r.reason)) + ".</p>\n";
  }
  out += "<ul class=\"sentences\">\n";
  for (const auto& c : r.checks) {
    out += "<li>" + badge(c.verdict) + " <b>" + escape_markup(c.name) +
           "</b>: " + escape_markup(sentence_of(c)) + "</li>\n";
  }
  for (const auto& sentence : availability_sentences(data)) {
    out +=
        "<li><span class=\"badge measured\">measured</span> " + escape_markup(sentence) + "</li>\n";
  }
  out += "</ul>\n<dl class=\"facts\">\n" + fact("suite", r.suite) +
         fact("seed", std::to_string(r.seed)) + fact("nodes", nodes) +
         fact("operations", count(r.ops)) + fact("duration", seconds(r.duration, 1)) +
         fact("cuts", std::to_string(data.windows.size()));
  if (!data.history.header.wall.empty()) out += fact("started", data.history.header.wall);
  return out + fact("sunder", r.sunder_version) + "</dl>\n</header>\n";
}

std::string verdict_table(const ReportData& data) {
  const auto& checks = data.results.checks;
  if (checks.empty()) {
    return section("verdicts", "Verdicts", "<p>The suite asked for no check.</p>\n");
  }
  std::string body =
      "<div class=\"wide\"><table><thead><tr><th>check</th><th>verdict</th><th>decided by</th>"
      "<th class=\"n\">power</th><th class=\"n\">inside a cut</th><th class=\"n\">across sides</th>"
      "<th class=\"n\">keys passed</th><th class=\"n\">failed</th><th class=\"n\">unknown</th>"
      "</tr></thead><tbody>\n";
  for (const auto& c : checks) {
    body += "<tr>" + cell(c.name) + "<td>" + badge(c.verdict) + "</td>" + cell(c.method) +
            cell(count(c.power), "n") + cell(count(c.power_inside), "n") +
            cell(count(c.power_across), "n") + cell(count(c.keys.pass), "n") +
            cell(count(c.keys.fail), "n") + cell(count(c.keys.unknown), "n") + "</tr>\n";
    if (!c.reason.empty()) {
      body += "<tr class=\"faint\"><td></td><td colspan=\"8\">" +
              escape_markup(reason_words(c.reason)) + "</td></tr>\n";
    }
  }
  body +=
      "</tbody></table></div>\n<p class=\"faint\">Power is the number of observations that could "
      "have caught a violation. A pass means: not refuted in that many opportunities.</p>\n";
  return section("verdicts", "Verdicts", body);
}

std::string recovery_section(const ReportData& data) {
  const auto& r = data.results;
  std::string body = "<h3>Recovery after each heal</h3>\n";
  body += r.recovery.empty() ? "<p>No recovery was measured.</p>\n" : recovery_table(r);
  body += "<h3>Stalls of the harness itself</h3>\n";
  if (r.stalls.empty()) {
    body += "<p>None over 100 ms: the measuring side kept its time.</p>\n";
  } else {
    std::vector<std::string> items;
    for (const auto& stall : r.stalls) {
      if (items.size() == kMaxRows) break;
      items.push_back("at " + seconds(stall.at) + ", " + span(stall.length));
    }
    if (r.stalls.size() > items.size()) items.push_back("and more, in results.json");
    body += "<p>In these moments sunder itself stood still; a cut that holds one is void.</p>\n" +
            list_items(items);
  }
  auto notes = r.notes;
  notes.insert(notes.end(), data.problems.begin(), data.problems.end());
  if (!notes.empty()) body += "<h3>Notes</h3>\n" + list_items(notes);
  return section("recovery", "Recovery, stalls and notes", body);
}

}  // namespace sunder::harness::report
