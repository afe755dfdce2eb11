// A row as a page: letters, slopes drawn, evidence, and the report's own sections (timeline, witness, availability).
// See present.hpp. Same input, same bytes; nothing is loaded from elsewhere.
#include <algorithm>

#include "harness/cap/present.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::cap {
namespace {

using report::cell;
using report::section;

constexpr double kWidth = 900;
constexpr double kHeight = 260;
constexpr double kLeft = 60;
constexpr double kRight = 700;
constexpr double kTop = 16;
constexpr double kBottom = 220;

std::string letters_table(const Findings& findings) {
  std::string body =
      "<div class=\"wide\"><table><thead><tr><th>operation</th><th>partition</th><th>else</th>"
      "<th>cost of a round trip (round trips, 95 %)</th><th>in the cuts: answered of asked</th>"
      "</tr></thead><tbody>\n";
  for (const OpFindings& op : findings.ops) {
    body += "<tr>" + cell(op.op) + cell(name_of(op.partition.letter)) +
            cell(name_of(op.other.letter)) + cell(slope_words(op)) + cell(cell_words(op)) +
            "</tr>\n";
  }
  body += "<tr>" + cell("merged") + cell(name_of(findings.partition.letter)) +
          cell(name_of(findings.other.letter)) + cell("") + cell("") +
          "</tr>\n</tbody></table></div>\n";
  return section("letters", "Letters",
                 body + "<p>" + escape_markup(findings.partition.why) + " " +
                     escape_markup(findings.other.why) +
                     " Clients and faults share one clock (clock: shared), which flatters systems "
                     "that order by time stamps.</p>\n");
}

double p50_ms(const DelayPoint& point) {
  return median({point.latencies.begin(), point.latencies.end()}).value_or(0) / 1e6;
}

// p50 over the added round trip: one drawing, a polyline a role.
std::string slope_drawing(const std::vector<RoleLatency>& latencies) {
  double greatest = 1;
  double widest = 1;
  for (const RoleLatency& role : latencies) {
    for (const DelayPoint& point : role.points) {
      greatest = std::max(greatest, p50_ms(point));
      widest = std::max(widest, static_cast<double>(point.rtt) / 1e6);
    }
  }
  const auto x = [&](double ms) { return kLeft + (kRight - kLeft) * ms / widest; };
  const auto y = [&](double ms) { return kBottom - (kBottom - kTop) * ms / greatest; };
  report::Svg svg(kWidth, kHeight, "median latency over the round trip added between the nodes");
  for (int i = 0; i <= 4; ++i) {
    const double ms = greatest * i / 4;
    svg.line(kLeft, y(ms), kRight, y(ms), "grid");
    svg.text(kLeft - 6, y(ms) + 4, report::num(ms) + " ms", "t end small");
    const double rtt = widest * i / 4;
    svg.text(x(rtt), kBottom + 18, report::num(rtt) + " ms", "t mid small");
  }
  svg.line(kLeft, kBottom, kRight, kBottom, "axis");
  double label = kTop + 10;
  for (const RoleLatency& role : latencies) {
    std::vector<DelayPoint> sorted = role.points;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const DelayPoint& a, const DelayPoint& b) { return a.rtt < b.rtt; });
    const std::string name = role.op + " at " + role.role;
    std::string path;
    for (const DelayPoint& point : sorted) {
      const double px = x(static_cast<double>(point.rtt) / 1e6);
      const double py = y(p50_ms(point));
      path += (path.empty() ? "M" : "L") + report::num(px) + " " + report::num(py);
      const char* css = role.op == "write" ? "w bar" : role.op == "read" ? "r bar" : "c bar";
      svg.rect(px - 3, py - 3, 6, 6, css, name + ": " + report::num(p50_ms(point)) + " ms");
    }
    svg.path(path, role.role == "leader" ? "p50" : "p99");
    std::string words = name;
    if (role.fit) {
      const double tenths = role.fit->slope.mid;
      words += ": " + report::num(tenths) + " round trips";
    }
    svg.text(kRight + 12, label, words, "t small");
    label += 15;
  }
  return svg.finish();
}

std::string latency_part(const Findings& findings) {
  if (findings.latencies.empty()) {
    return section("price", "What a round trip costs",
                   "<p>There was no pair of nodes to delay.</p>\n");
  }
  return section("price", "What a round trip costs",
                 report::figure(slope_drawing(findings.latencies),
                                "Median latency (p50) of answered operations over the round trip "
                                "that was added between the nodes. Solid: at the leader; dotted: "
                                "elsewhere. Red, green and blue marks are writes, reads and "
                                "compare-and-sets, as in the drawing of a witness."));
}

std::string evidence_part(const Findings& findings) {
  std::string body = "<ul class=\"sentences\">\n";
  for (const std::string& sentence : evidence_sentences(findings)) {
    body += "<li>" + escape_markup(sentence) + "</li>\n";
  }
  return section("evidence", "Evidence", body + "</ul>\n");
}

std::string again_part(const Findings& findings) {
  return section("reproduce", "How to see it again",
                 "<pre># the same order of delays and the same dice of the clients\nsunder cap " +
                     escape_markup(findings.row) + (findings.quick ? " --quick" : "") + " --seed " +
                     std::to_string(findings.seed) +
                     "\n\n# in this folder: judge the recorded history once more\n"
                     "sunder check history.jsonl</pre>\n");
}

}  // namespace

std::string findings_page(const Findings& findings, const report::ReportData& data) {
  const std::string title = findings.row + ": " + name_of(findings.partition.letter) + "/" +
                            name_of(findings.other.letter);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
      escape_markup(title) + "</title>\n<style>\n" + report::style_sheet() +
      "</style>\n</head>\n<body>\n<main>\n<header>\n<p class=\"brand\">sunder cap</p>\n<h1>" +
      escape_markup(title) + "</h1>\n<p class=\"say\">" +
      escape_markup(findings.system + " " + findings.version + ", " +
                    std::to_string(findings.nodes.size()) + " nodes, seed " +
                    std::to_string(findings.seed)) +
      "</p>\n</header>\n";
  out += letters_table(findings) + latency_part(findings) + evidence_part(findings);
  out += report::witness_section(data) + report::timeline_section(data);
  out += report::availability_section(data) + report::faults_section(data);
  out += report::recovery_section(data) + again_part(findings) + report::glossary_section();
  out += std::string("</main>\n<script>\n") + report::script() + "</script>\n</body>\n</html>\n";
  return out;
}

}  // namespace sunder::harness::cap
