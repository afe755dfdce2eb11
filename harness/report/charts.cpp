// Charts: latency and rate of answered operations over time, a row a node.
//
// History → bins by the moment of the answer → p50 and p99 (log scale), and answers per second. Percentiles are exact
// within a bin (nearest rank). In open loop an operation's latency counts from when it was meant to start, so that
// waiting behind a stuck one is not left out (coordinated omission).
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <cmath>

#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

constexpr double kChartsWidth = 920;
constexpr double kChartsLeft = 64;
constexpr double kChartsRowHeight = 74;
constexpr double kRowStep = 98;
constexpr double kChartsTop = 34;
constexpr std::size_t kBins = 150;

struct Row {
  std::vector<std::vector<Nanos>> latencies{kBins};  // by bin, unsorted
};

std::vector<Row> collect(const ReportData& data, const TimeScale& scale) {
  std::vector<Row> rows(data.nodes.size());
  for (const auto& op : data.history.ops) {
    const std::size_t lane = lane_of(op, data);
    if (lane == kNoLane || op.completed == check::kNever) continue;
    const Ending ending = ending_of(op, data.windows);
    if (ending != Ending::answered && ending != Ending::late) continue;
    const Nanos start = op.intended >= 0 ? std::min(op.intended, op.invoked) : op.invoked;
    rows[lane].latencies[scale.bin(op.completed, kBins)].push_back(
        std::max<Nanos>(op.completed - start, 1));
  }
  return rows;
}

Nanos percentile(std::vector<Nanos>& values, double share) {
  const auto rank = std::min(values.size() - 1,
                             static_cast<std::size_t>(share * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double middle(const TimeScale& scale, std::size_t bin) {
  return scale.x0 + (scale.x1 - scale.x0) * (static_cast<double>(bin) + 0.5) / kBins;
}

// The decades of time that hold every percentile.
struct Decades {
  int low = 6;
  int high = 7;
};

Decades decades_of(std::vector<Row>& rows) {
  double least = 1e18;
  double most = 0;
  for (auto& row : rows) {
    for (auto& bin : row.latencies) {
      if (bin.empty()) continue;
      least = std::min(least, static_cast<double>(percentile(bin, 0.5)));
      most = std::max(most, static_cast<double>(percentile(bin, 0.99)));
    }
  }
  if (most <= 0) return {};
  const int low = static_cast<int>(std::floor(std::log10(least)));
  return {low, std::max(low + 1, static_cast<int>(std::ceil(std::log10(most))))};
}

std::string name_of_decade(int exponent) {
  static const char* units[] = {"ns", "µs", "ms", "s"};
  const int unit = std::clamp(exponent / 3, 0, 3);
  const double value = std::pow(10.0, exponent - 3 * unit);
  return num(value) + " " + units[unit];
}

// A line through the bins that have answers; it breaks where nothing was answered.
std::string line_of(Row& row, double share, const TimeScale& scale, const Decades& decades,
                    double bottom) {
  std::string out;
  bool open = false;
  for (std::size_t b = 0; b < kBins; ++b) {
    if (row.latencies[b].empty()) {
      open = false;
      continue;
    }
    const double power = std::log10(static_cast<double>(percentile(row.latencies[b], share)));
    const double y =
        bottom - (power - decades.low) / (decades.high - decades.low) * kChartsRowHeight;
    const bool alone = !open && (b + 1 == kBins || row.latencies[b + 1].empty());
    out += (open ? "L" : "M") + num(middle(scale, b)) + " " + num(y);
    if (alone) out += "m-1.5 0h3";  // a dot
    open = true;
  }
  return out;
}

std::string latency_chart(const ReportData& data, std::vector<Row>& rows, const TimeScale& scale) {
  const Decades decades = decades_of(rows);
  const double bottom = kChartsTop + kRowStep * static_cast<double>(rows.size()) - 14;
  Svg svg(kChartsWidth, bottom + 24, "Latency of answered operations at each node, over time",
          axis_attributes(scale));
  draw_windows(svg, data, scale, 2, bottom);
  draw_axis(svg, scale, kChartsTop - 12, bottom);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double low = kChartsTop + kRowStep * static_cast<double>(i) + kChartsRowHeight;
    svg.text(kChartsLeft + 4, low - kChartsRowHeight - 1, data.nodes[i], "t strong");
    for (int d = decades.low; d <= decades.high; ++d) {
      const double y = low - kChartsRowHeight * (d - decades.low) /
                                 static_cast<double>(decades.high - decades.low);
      svg.line(kChartsLeft, y, scale.x1, y, "grid");
      // With many decades in a low row, every second name.
      if (decades.high - decades.low <= 4 || (d - decades.low) % 2 == 0) {
        svg.text(kChartsLeft - 6, y + 4, name_of_decade(d), "t end small");
      }
    }
    svg.path(line_of(rows[i], 0.99, scale, decades, low), "p99");
    svg.path(line_of(rows[i], 0.5, scale, decades, low), "p50");
  }
  return svg.finish();
}

// A round number that is not below `value`.
double round_up(double value) {
  double decade = 1;
  while (decade * 10 < value) decade *= 10;
  for (const double factor : {1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0}) {
    if (decade * factor >= value) return decade * factor;
  }
  return decade * 10;
}

// The top of the scale of rates. Clients that catch up after a cut make short bursts, many times the usual rate; a scale
// for these would flatten all the rest, so that they are cut off at the top, and the caption says so.
struct RateScale {
  double top = 1;
  double most = 0;
  bool bursts = false;
};

RateScale rate_scale(const std::vector<Row>& rows, double bin_seconds) {
  std::vector<double> rates;
  for (const auto& row : rows) {
    for (const auto& bin : row.latencies) {
      if (!bin.empty()) rates.push_back(static_cast<double>(bin.size()) / bin_seconds);
    }
  }
  if (rates.empty()) return {};
  std::sort(rates.begin(), rates.end());
  const double most = rates.back();
  const double usual = rates[rates.size() / 2];
  const bool bursts = most > 4 * usual;
  return {round_up(bursts ? 2 * usual : most), most, bursts};
}

double bin_length(const TimeScale& scale) {
  return static_cast<double>(scale.to - scale.from) / static_cast<double>(kSecond) / kBins;
}

std::string rate_chart(const ReportData& data, const std::vector<Row>& rows,
                       const TimeScale& scale) {
  const double bin_seconds = bin_length(scale);
  const double most = rate_scale(rows, bin_seconds).top;
  const double bottom = kChartsTop + kRowStep * static_cast<double>(rows.size()) - 14;
  Svg svg(kChartsWidth, bottom + 24, "Answers per second at each node, over time",
          axis_attributes(scale));
  draw_windows(svg, data, scale, 2, bottom);
  draw_axis(svg, scale, kChartsTop - 12, bottom);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double low = kChartsTop + kRowStep * static_cast<double>(i) + kChartsRowHeight;
    svg.text(kChartsLeft + 4, low - kChartsRowHeight - 1, data.nodes[i], "t strong");
    std::string area = "M" + num(scale.x0) + " " + num(low);
    for (std::size_t b = 0; b < kBins; ++b) {
      const double rate = static_cast<double>(rows[i].latencies[b].size()) / bin_seconds;
      area += "V" + num(low - std::min(rate / most, 1.0) * kChartsRowHeight) + "H" +
              num(scale.x(scale.edge(b + 1, kBins)));
    }
    svg.path(area + "V" + num(low) + "z", "rate");
    for (const double part : {0.0, 0.5, 1.0}) {
      const double y = low - part * kChartsRowHeight;
      svg.line(kChartsLeft, y, scale.x1, y, "grid");
      svg.text(kChartsLeft - 6, y + 4, num(part * most), "t end small");
    }
  }
  return svg.finish();
}

}  // namespace

std::string latency_section(const ReportData& data) {
  const char* heading = "Latency and rate over time";
  const TimeScale scale{data.from, data.to, kChartsLeft, kChartsWidth - 12};
  auto rows = collect(data, scale);
  const bool any = std::any_of(rows.begin(), rows.end(), [](const Row& row) {
    return std::any_of(row.latencies.begin(), row.latencies.end(),
                       [](const auto& bin) { return !bin.empty(); });
  });
  if (!any) return section("latency", heading, "<p>No operation was answered.</p>\n");
  std::string how =
      "Answered operations only, at the moment of their answer; the scale is "
      "logarithmic. Where the lines break, nothing was answered.";
  const auto& ops = data.history.ops;
  if (std::any_of(ops.begin(), ops.end(), [](const auto& op) { return op.intended >= 0; })) {
    how +=
        " The operations of this run had a timetable: the time counts from when one was due, so "
        "that it holds the wait behind a stuck one.";
  }
  std::string rates =
      "Reads, writes and compare-and-sets together, by the node that the client is "
      "pinned to.";
  if (const auto top = rate_scale(rows, bin_length(scale)); top.bursts) {
    rates += " Bursts of clients that catch up go up to " +
             count(static_cast<std::uint64_t>(top.most)) + " a second; they are cut off here.";
  }
  return section(
      "latency", heading,
      "<h3>How long an answer took</h3>\n<p class=\"legend\"><span><b class=\"p50\"></b>half of "
      "the answers were faster (p50)</span> <span><b class=\"p99\"></b>99 of 100 were faster "
      "(p99)</span> <span><i class=\"win\"></i>a cut is in force</span></p>\n" +
          figure(latency_chart(data, rows, scale), how) + "<h3>Answers per second</h3>\n" +
          figure(rate_chart(data, rows, scale), rates));
}

}  // namespace sunder::harness::report
