// Availability chart: a bar for each side of each cut, all operations together, and how long the first answer took.
//
// RunResults.availability (judged rows of cuts) → sums per cut and side → SVG. Shares are of what was asked, censored
// operations included, so that a bar has no hidden part. Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <tuple>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

using check::AvailabilityRow;

constexpr std::size_t kMaxBars = 40;
constexpr double kBarsWidth = 920;
constexpr double kBarsLeft = 190;
constexpr double kRight = 300;  // for the words behind a bar
constexpr double kBarsStep = 22;
constexpr double kBarsBar = 14;

// One side of one cut.
struct Bar {
  AvailabilityRow sum;
  bool silent = false;  // some kind of operation got no answer in the whole cut
};

std::vector<Bar> bars_of(const ReportData& data) {
  std::vector<Bar> bars;
  for (const auto& row : data.results.availability) {
    if (row.fault.empty() || !row.judged) continue;
    auto bar = std::find_if(bars.begin(), bars.end(), [&row](const Bar& b) {
      return b.sum.fault == row.fault && b.sum.side == row.side && b.sum.nodes == row.nodes;
    });
    if (bar == bars.end()) {
      bars.emplace_back();
      bar = bars.end() - 1;
      bar->sum.fault = row.fault;
      bar->sum.side = row.side;
      bar->sum.nodes = row.nodes;
    }
    bar->sum.asked += row.asked;
    bar->sum.answered += row.answered;
    bar->sum.late += row.late;
    bar->sum.errors += row.errors;
    bar->sum.timeouts += row.timeouts;
    bar->sum.censored += row.censored;
    if (!row.first_answer_after) {
      bar->silent = true;
    } else if (!bar->sum.first_answer_after ||
               *row.first_answer_after > *bar->sum.first_answer_after) {
      bar->sum.first_answer_after = row.first_answer_after;
    }
  }
  std::erase_if(bars, [](const Bar& bar) { return bar.sum.asked == 0; });
  return bars;
}

// The slowest kind of operation; those that got no answer at all are named as such.
std::string first_answer(const Bar& bar) {
  if (!bar.sum.first_answer_after) return "never an answer";
  const std::string after = "first answers after " + span(*bar.sum.first_answer_after);
  return bar.silent ? after + ", or never" : after;
}

void draw_bar(Svg& svg, const Bar& bar, double y) {
  const AvailabilityRow& sum = bar.sum;
  std::string nodes;
  for (const auto& node : sum.nodes) nodes += (nodes.empty() ? "" : ",") + node;
  svg.text(kBarsLeft - 8, y + 11, shorten(sum.fault + ", " + sum.side + " (" + nodes + ")", 32),
           "t end small");
  const double width = kBarsWidth - kBarsLeft - kRight;
  const std::tuple<std::uint64_t, const char*, const char*> parts[] = {
      {sum.answered, "ok", "answered in time"},
      {sum.late, "late", "answered only after the heal"},
      {sum.errors, "err", "errors"},
      {sum.timeouts, "mute", "without an answer"},
      {sum.censored, "cens", "censored"}};
  double x = kBarsLeft;
  for (const auto& [amount, css, words] : parts) {
    if (amount == 0) continue;
    const double part = static_cast<double>(amount) / static_cast<double>(sum.asked) * width;
    svg.rect(x, y, std::max(part, 1.5), kBarsBar, css,
             count(amount) + " of " + count(sum.asked) + " " + words);
    x += part;
  }
  svg.text(kBarsWidth - kRight + 10, y + 11,
           count(sum.answered) + " of " + count(sum.asked) + "; " + first_answer(bar), "t small");
}

}  // namespace

std::string availability_chart(const ReportData& data) {
  const auto bars = bars_of(data);
  if (bars.empty()) return "";
  const std::size_t drawn = std::min(bars.size(), kMaxBars);
  Svg svg(kBarsWidth, 8 + kBarsStep * static_cast<double>(drawn),
          "What each side of each cut was answered");
  for (std::size_t i = 0; i < drawn; ++i) {
    draw_bar(svg, bars[i], 4 + kBarsStep * static_cast<double>(i));
  }
  std::string how =
      "All kinds of operations of a side together, after the cut has settled; the words name the "
      "kind that waited longest for its first answer in the cut.";
  if (bars.size() > drawn) {
    how += " " + count(bars.size() - drawn) + " more are in the table.";
  }
  return "<h3>Side by side</h3>\n" + figure(svg.finish(), how);
}

}  // namespace sunder::harness::report
