// Latency by phase: how long answers took before, during and after each fault; a drawing and the numbers.
//
// ReportData → phases_of → a bar from the median to p99, and a tick at the slowest, on one scale of powers of ten for
// all rows, so that phases compare at a glance → HTML. Each node by itself is in a table that opens.
// Thread: pure. Tested by tests/harness/phases_test.cpp.
#include <algorithm>
#include <cmath>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"
#include "harness/report/phases.hpp"

namespace sunder::harness::report {
namespace {

constexpr std::size_t kMaxDrawn = 48;  // rows; the table has more
constexpr std::size_t kMostPhaseLatencyRows = 200;
constexpr double kPhaseLatencyWidth = 920;
constexpr double kPhaseLatencyLeft = 300;
constexpr double kPhaseLatencyRowHeight = 18;
constexpr double kPhaseLatencyTop = 8;

// Powers of ten of nanoseconds.
struct Scale {
  int low = 5;
  int high = 6;
  [[nodiscard]] double x(Nanos time) const {
    const double power = std::log10(static_cast<double>(std::max<Nanos>(time, 1)));
    const double share = (power - low) / (high - low);
    return kPhaseLatencyLeft +
           std::clamp(share, 0.0, 1.0) * (kPhaseLatencyWidth - kPhaseLatencyLeft - 16);
  }
};

Scale scale_of(const std::vector<PhaseRow>& rows) {
  Nanos least = rows.front().took.median;
  Nanos most = 1;
  for (const auto& row : rows) {
    least = std::min(least, row.took.median);
    most = std::max(most, row.took.max);
  }
  const int low = static_cast<int>(std::floor(std::log10(static_cast<double>(least))));
  const int high = static_cast<int>(std::ceil(std::log10(static_cast<double>(most))));
  return {low, std::max(low + 1, high)};
}

std::string label_of(const PhaseRow& row) {
  return row.phase + (row.side.empty() ? "" : ", " + row.side) + ": " + row.op;
}

std::string title_of(const PhaseRow& row) {
  return label_of(row) + ": " + count(row.took.count) + " answered, half within " +
         span(row.took.median) + ", 99 of 100 within " + span(row.took.p99) + ", the slowest " +
         span(row.took.max);
}

std::string drawing(const std::vector<PhaseRow>& rows) {
  const Scale scale = scale_of(rows);
  const std::size_t drawn = std::min(rows.size(), kMaxDrawn);
  const double bottom = kPhaseLatencyTop + kPhaseLatencyRowHeight * static_cast<double>(drawn);
  Svg svg(kPhaseLatencyWidth, bottom + 22, "Latency of answered operations, by phase of the run");
  Nanos tick = 1;
  for (int d = 0; d < scale.low; ++d) tick *= 10;
  for (int d = scale.low; d <= scale.high; ++d, tick *= 10) {
    const double x = scale.x(tick);
    svg.line(x, kPhaseLatencyTop, x, bottom, "grid");
    svg.text(x, bottom + 14, span(tick), "t mid small");
  }
  for (std::size_t i = 0; i < drawn; ++i) {
    const double y = kPhaseLatencyTop + kPhaseLatencyRowHeight * static_cast<double>(i);
    const Spread& took = rows[i].took;
    svg.text(kPhaseLatencyLeft - 8, y + 13, label_of(rows[i]), "t end small");
    const double from = scale.x(took.median);
    svg.rect(from, y + 4, std::max(2.0, scale.x(took.p99) - from), kPhaseLatencyRowHeight - 8, "ok",
             title_of(rows[i]));
    svg.rect(scale.x(took.max) - 1, y + 3, 2, kPhaseLatencyRowHeight - 6, "mute",
             title_of(rows[i]));
  }
  return svg.finish();
}

std::string table(const std::vector<PhaseRow>& rows, bool by_node) {
  std::string out =
      std::string("<div class=\"wide\"><table><thead><tr><th>phase</th><th>side</th>") +
      (by_node ? "<th>node</th>" : "") +
      "<th>op</th><th class=\"n\">answered</th><th class=\"n\">median</th><th "
      "class=\"n\">p99</th><th class=\"n\">slowest</th></tr></thead><tbody>\n";
  std::size_t shown = 0;
  for (const auto& row : rows) {
    if (by_node == row.node.empty()) continue;
    if (++shown > kMostPhaseLatencyRows) continue;
    out += "<tr>" + cell(row.phase, "w") + cell(row.side.empty() ? "all" : row.side, "w") +
           (by_node ? cell(row.node, "w") : "") + cell(row.op) + cell(count(row.took.count), "n") +
           cell(span(row.took.median), "n") + cell(span(row.took.p99), "n") +
           cell(span(row.took.max), "n") + "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (shown > kMostPhaseLatencyRows)
    out += "<p>" + count(shown - kMostPhaseLatencyRows) + " more rows are left out.</p>\n";
  return out;
}

}  // namespace

std::string phase_latency_section(const ReportData& data) {
  const auto rows = phases_of(data, false);
  if (rows.empty()) return "";  // the section of latency over time says that nothing was answered
  std::string how =
      "Answered operations only. A bar reaches from the median to the 99th percentile, the dark "
      "tick is the slowest answer; the scale is logarithmic. An operation belongs to the phase in "
      "which it was asked (where there was a timetable: was due), so that one that waits for a "
      "heal is slow in the fault.";
  if (rows.size() > kMaxDrawn) {
    how += " Only the first " + count(kMaxDrawn) + " of " + count(rows.size()) + " are drawn.";
  }
  return section("phases", "Latency before, during and after each fault",
                 figure(drawing(rows), how) + table(rows, false) +
                     "<details><summary>Each node by itself</summary>\n" +
                     table(phases_of(data, true), true) + "</details>\n");
}

}  // namespace sunder::harness::report
