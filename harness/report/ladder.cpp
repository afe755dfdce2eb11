// Ladder: which consistency models the run refutes, strongest first, and what each verdict rests on.
//
// RunResults.ladder → a sentence and a rung each → HTML. Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

using check::RungState;

std::string badge(RungState state) {
  const char* css = "measured";
  const char* mark = "–";
  switch (state) {
    case RungState::pass: css = "pass", mark = "✓"; break;
    case RungState::fail: css = "fail", mark = "✗"; break;
    case RungState::unknown:
    case RungState::vacuous: css = "unknown", mark = "?"; break;
    case RungState::not_observable: break;
  }
  return std::string("<span class=\"badge ") + css + "\">" + mark + " " + check::name_of(state) +
         "</span>";
}

std::string sentence_of(const LadderRung& rung) {
  if (rung.state == RungState::not_observable) {
    return "Judged only together with monotonic-reads, which the history refutes.";
  }
  return rung.text.empty() ? rung.reason : rung.text;
}

std::string conclusion(const std::vector<LadderRung>& ladder) {
  const auto best = std::find_if(ladder.begin(), ladder.end(), [](const LadderRung& rung) {
    return rung.state == RungState::pass;
  });
  std::string open;
  for (auto rung = ladder.begin(); rung != best; ++rung) {
    if (rung->state != RungState::unknown && rung->state != RungState::vacuous) continue;
    open += (open.empty() ? "" : ", ") + rung->name;
  }
  std::string out = best == ladder.end() ? "No model was shown to hold"
                                         : "The strongest model not refuted is " + best->name +
                                               ", in " + count(best->power) + " opportunities";
  if (!open.empty()) out += "; undecided above it: " + open;
  return out + ".";
}

}  // namespace

std::string ladder_section(const ReportData& data) {
  const auto& ladder = data.results.ladder;
  if (ladder.empty()) return "";
  std::string body = "<p class=\"say\">" + escape_markup(conclusion(ladder)) +
                     "</p>\n<div class=\"wide\"><table><thead><tr><th>model</th><th></th><th "
                     "class=\"n\">power</th><th>why</th></tr></thead><tbody>\n";
  for (const auto& rung : ladder) {
    body += "<tr>" + cell(rung.name, "w") + "<td>" + badge(rung.state) + "</td>" +
            cell(count(rung.power), "n") + cell(sentence_of(rung)) + "</tr>\n";
  }
  body +=
      "</tbody></table></div>\n<p class=\"faint\">Measured beside the verdict, with a budget of "
      "its own; it moves the verdict only where the suite names the model as a check.</p>\n";
  return section("ladder", "What the clients could rely on", body);
}

}  // namespace sunder::harness::report
