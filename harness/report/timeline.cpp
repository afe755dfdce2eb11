// Timeline: what clients at each node got, over the whole run; a lane a node.
//
// History → bins of time → one column a bin and lane. A column's colours are shares of the time that clients at that
// node spent waiting, by how the operation that they waited for ended: a client stuck for two seconds fills two seconds
// of its lane, however many quick operations other clients did meanwhile. So the drawing has the same size for a hundred
// operations and for a million. COST: O(operations × bins that each spans).
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <array>

#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

constexpr double kTimelineWidth = 920;
constexpr double kTimelineLeft = 64;
constexpr double kLaneHeight = 34;
constexpr double kTimelineLaneStep = 52;
constexpr double kTimelineTop = 34;  // under the names of the cuts
constexpr double kLeastHeight = 3;   // a single failure must be seen

struct Bin {
  std::array<double, kEndings> waited{};        // nanoseconds of clients' time
  std::array<std::uint64_t, kEndings> asked{};  // operations that began here
  std::uint64_t of(Ending e) const { return asked[static_cast<std::size_t>(e)]; }
};
using Lane = std::vector<Bin>;

std::vector<Lane> fill(const ReportData& data, const TimeScale& scale, std::size_t bins) {
  std::vector<Lane> lanes(data.nodes.size(), Lane(bins));
  for (const auto& op : data.history.ops) {
    const std::size_t lane = lane_of(op, data);
    if (lane == kNoLane) continue;
    const auto ending = static_cast<std::size_t>(ending_of(op, data.windows));
    const Nanos end = std::max(end_of(op, data), op.invoked + kMicrosecond);
    const std::size_t first = scale.bin(op.invoked, bins);
    const std::size_t last = scale.bin(end, bins);
    lanes[lane][first].asked[ending] += 1;
    for (std::size_t b = first; b <= last; ++b) {
      const Nanos overlap =
          std::min(end, scale.edge(b + 1, bins)) - std::max(op.invoked, scale.edge(b, bins));
      lanes[lane][b].waited[ending] += static_cast<double>(std::max<Nanos>(overlap, 1));
    }
  }
  return lanes;
}

// Heights of a column's parts; each part that is there at all is at least kLeastHeight.
std::array<double, kEndings> heights_of(const Bin& bin) {
  std::array<double, kEndings> heights{};
  double sum = 0;
  for (const double w : bin.waited) sum += w;
  if (sum <= 0) return heights;
  double total = 0;
  for (std::size_t e = 0; e < kEndings; ++e) {
    if (bin.waited[e] <= 0) continue;
    heights[e] = std::max(kLeastHeight, bin.waited[e] / sum * kLaneHeight);
    total += heights[e];
  }
  *std::max_element(heights.begin(), heights.end()) -= total - kLaneHeight;
  return heights;
}

// One path a colour: columns side by side with the same top and bottom become one rectangle.
void draw_lane(Svg& svg, const Lane& lane, const TimeScale& scale, double bottom) {
  const std::size_t bins = lane.size();
  std::vector<std::array<double, kEndings>> heights;
  heights.reserve(bins);
  for (const auto& bin : lane) heights.push_back(heights_of(bin));
  for (std::size_t e = 0; e < kEndings; ++e) {
    const auto box = [&](std::size_t b) {
      double below = 0;
      for (std::size_t i = 0; i < e; ++i) below += heights[b][i];
      return std::pair(num(bottom - below), num(heights[b][e]));
    };
    std::string data;
    for (std::size_t b = 0; b < bins;) {
      if (heights[b][e] <= 0) {
        ++b;
        continue;
      }
      const auto shape = box(b);
      std::size_t next = b + 1;
      while (next < bins && heights[next][e] > 0 && box(next) == shape) ++next;
      const std::string x = num(scale.x(scale.edge(b, bins)));
      data += "M" + x + " " + shape.first + "v-" + shape.second + "H" +
              num(scale.x(scale.edge(next, bins))) + "v" + shape.second + "z";
      b = next;
    }
    svg.path(data, css_of(static_cast<Ending>(e)));
  }
}

// Invisible rectangles that say the numbers when the pointer rests on a column.
void draw_titles(Svg& svg, const Lane& lane, const std::string& node, const TimeScale& scale,
                 double top) {
  const std::size_t bins = lane.size();
  const double width = (scale.x1 - scale.x0) / static_cast<double>(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    std::string title;
    for (std::size_t e = 0; e < kEndings; ++e) {
      const auto ending = static_cast<Ending>(e);
      if (lane[b].of(ending) == 0) continue;
      title += (title.empty() ? "" : ", ") + count(lane[b].of(ending)) + " " + words_of(ending);
    }
    if (title.empty()) continue;
    title = node + " at " + seconds(scale.edge(b, bins), 2) + ": " + title;
    svg.rect(scale.x(scale.edge(b, bins)), top, width, kLaneHeight, "tip", title);
  }
}

void draw_cut_marks(Svg& svg, const ReportData& data, const std::string& node,
                    const TimeScale& scale, double top) {
  for (const auto& window : data.windows) {
    if (!cut_off(window, node)) continue;
    const double x = scale.x(window.from);
    const double width = std::max(1.0, scale.x(window_end(window, data)) - x);
    svg.rect(x, top - 5, width, 4, "cut", node + " is cut off by " + window.name);
    if (width > 44) svg.text(x + width / 2, top - 7, "cut off", "t mid small strong");
  }
}

std::string legend() {
  std::string out = "<p class=\"legend\">";
  for (std::size_t e = 0; e < kEndings; ++e) {
    const auto ending = static_cast<Ending>(e);
    out += std::string("<span><i class=\"") + css_of(ending) + "\"></i>" + words_of(ending) +
           "</span> ";
  }
  return out +
         "<span><i class=\"win\"></i>a cut is in force</span> "
         "<span><i class=\"cut\"></i>this node is cut off</span></p>\n";
}

}  // namespace

std::string timeline_section(const ReportData& data) {
  if (!data.has_history || data.nodes.empty()) {
    return section("timeline", "What clients got, node by node",
                   "<p>There is no history to draw.</p>\n");
  }
  const TimeScale scale{data.from, data.to, kTimelineLeft, kTimelineWidth - 12};
  const std::size_t bins = data.nodes.size() <= 9 ? 300 : 120;
  const auto lanes = fill(data, scale, bins);
  const double bottom =
      kTimelineTop + kTimelineLaneStep * static_cast<double>(data.nodes.size()) - 8;
  Svg svg(kTimelineWidth, bottom + 24, "How operations ended at each node, over time",
          axis_attributes(scale));
  draw_windows(svg, data, scale, 2, bottom);
  draw_axis(svg, scale, kTimelineTop, bottom);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const double top = kTimelineTop + kTimelineLaneStep * static_cast<double>(i);
    svg.text(kTimelineLeft - 10, top + kLaneHeight / 2 + 4, data.nodes[i], "t end strong");
    svg.rect(kTimelineLeft, top, scale.x1 - kTimelineLeft, kLaneHeight, "lane");
    draw_lane(svg, lanes[i], scale, top + kLaneHeight);
    draw_cut_marks(svg, data, data.nodes[i], scale, top);
    draw_titles(svg, lanes[i], data.nodes[i], scale, top);
  }
  return section(
      "timeline", "What clients got, node by node",
      legend() +
          figure(svg.finish(),
                 "Each column is a slice of time. Its colours are the shares of the time that "
                 "clients at that node spent waiting, by how the operation they waited for ended; "
                 "an empty slice means that nobody asked. Seconds are those of the history."));
}

}  // namespace sunder::harness::report
