// Witness: the few operations that prove a failure, as a drawing, a sentence and a table.
//
// CheckResult.witness (event indices) + History → operations → space-time diagram: a lane a process, a bar from the
// request to the answer. Such operations are often microseconds long and seconds apart, so the time axis is not to
// scale: every moment stands at the same distance from the next, and the true distance is written between them.
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"
#include "harness/report/witness_words.hpp"

namespace sunder::harness::report {
namespace {

using check::Op;

constexpr double kWitnessLeft = 118;
constexpr double kWitnessStep = 88;  // from one moment to the next, where words are short
constexpr double kLetter = 6.6;
constexpr double kWitnessLaneStep = 50;
constexpr double kLine = 14;  // of a transaction's box
constexpr double kWitnessTop = 44;
constexpr double kWitnessBar = 16;
constexpr std::size_t kMaxOps = 40;    // a chain of cas may be long; the table has them all
constexpr std::size_t kMaxEdges = 24;  // more would hide the bars

std::string node_text(const Op& op, const check::History& history) {
  return op.node < history.nodes.size() ? history.nodes[op.node] : "?";
}

const char* css_of(const Op& op) {
  switch (op.kind) {
    case check::OpKind::read:
    case check::OpKind::dequeue:
    case check::OpKind::drain: return "bar r";
    case check::OpKind::cas:
    case check::OpKind::acquire:
    case check::OpKind::release:
    case check::OpKind::txn: return "bar c";
    default: return "bar w";
  }
}

// How much room the words of a witness need.
struct Room {
  double step = kWitnessStep;
  double lane = kWitnessLaneStep;

  Room(const std::vector<const Op*>& ops, const check::History& history) {
    for (const Op* op : ops) {
      const auto lines = lines_of(*op, history);
      for (const auto& line : lines) {  // arrows and dots are two bytes more than they are wide
        step = std::max(step, kLetter * static_cast<double>(line.size()) + 16);
      }
      if (op->txn == check::kNone) continue;
      lane = std::max(lane, kWitnessLaneStep + kLine * static_cast<double>(lines.size()));
    }
    step = std::min(step, 3 * kWitnessStep);
  }
};

// The moments of a drawing, each at its own place.
struct Moments {
  std::vector<Nanos> times;
  double step = kWitnessStep;
  double right = 0;  // where an operation that never ended leads to

  Moments(const std::vector<const Op*>& ops, const ReportData& data, double step_) : step(step_) {
    std::set<Nanos> set;
    for (const Op* op : ops) {
      set.insert(op->invoked);
      if (op->completed != check::kNever) set.insert(op->completed);
    }
    const Nanos first = *set.begin();
    const Nanos last = *set.rbegin();
    for (const auto& window : data.windows) {
      if (window.from > first && window.from < last) set.insert(window.from);
      if (window.to > first && window.to < last) set.insert(window.to);
    }
    times.assign(set.begin(), set.end());
    right = x_of_index(times.size() - 1) + step * 0.7;
  }
  [[nodiscard]] double x_of_index(std::size_t i) const {
    return kWitnessLeft + 40 + step * static_cast<double>(i);
  }
  // Before the first moment and after the last: the edges of the drawing.
  double x(Nanos time) const {
    if (time < times.front()) return kWitnessLeft;
    if (time > times.back()) return right;
    const auto at = std::lower_bound(times.begin(), times.end(), time);
    return x_of_index(static_cast<std::size_t>(at - times.begin()));
  }
  // As many digits as tell neighbours apart.
  int digits() const {
    Nanos least = kMillisecond;
    for (std::size_t i = 1; i < times.size(); ++i) least = std::min(least, times[i] - times[i - 1]);
    return least >= kMillisecond ? 3 : least >= 100 * kMicrosecond ? 4 : 6;
  }
};

struct LaneKey {
  std::size_t node;
  std::int64_t process;
  friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
};

void draw_window(Svg& svg, const check::FaultWindow& window, const Moments& moments,
                 const std::map<LaneKey, double>& lanes, const ReportData& data, double bottom) {
  if (window.from > moments.times.back() || window.to < moments.times.front()) return;
  const double x = moments.x(window.from);
  const double width = std::max(2.0, moments.x(window.to) - x);
  const std::string words = window.name + " (" + window.kind + ")  " + shape_of(window);
  svg.rect(x, 4, width, bottom - 4, "win", words);
  svg.text(x + 5, 17, words, "t small");
  for (const auto& [key, y] : lanes) {
    if (key.node < data.nodes.size() && cut_off(window, data.nodes[key.node])) {
      svg.rect(x, y - 22, width, kWitnessLaneStep - 6, "win", data.nodes[key.node] + " is cut off");
    }
  }
}

// Where an operation stands in the drawing.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = kWitnessBar;
};

Box box_of(const Op& op, const Moments& moments, double y, const check::History& history) {
  const double x = moments.x(op.invoked);
  const double end = op.completed == check::kNever ? moments.right : moments.x(op.completed);
  Box box{x, y, std::max(3.0, end - x), kWitnessBar};
  if (op.txn != check::kNone) {
    box.height = 8 + kLine * static_cast<double>(lines_of(op, history).size());
  }
  return box;
}

void draw_op(Svg& svg, const Op& op, const Box& box, const check::History& history) {
  const std::string outcome = outcome_of(op, history);
  std::string title = words_of(op, history) + ", asked at " + seconds(op.invoked, 6);
  title +=
      op.completed == check::kNever ? ", never answered" : ", over at " + seconds(op.completed, 6);
  const bool sure = op.outcome == EventType::ok;
  svg.rect(box.x, box.y, box.width, box.height, std::string(css_of(op)) + (sure ? "" : " open"),
           title);
  if (op.txn == check::kNone) {
    svg.text(box.x, box.y - 5, words_of(op, history), "t strong");
    if (!outcome.empty()) svg.text(box.x + 4, box.y + 12, outcome, "t small");
    return;
  }
  double y = box.y + kLine;
  for (const auto& line : lines_of(op, history)) {
    svg.text(box.x + 5, y, line, "t strong");
    y += kLine;
  }
  svg.text(box.x, box.y - 5, outcome.empty() ? "transaction" : "transaction, " + outcome,
           "t small faint");
}

// An arrow from one operation to another, bent so that two ways between two boxes stay apart.
void draw_edge(Svg& svg, const Box& from, const Box& to, const std::string& words) {
  // Between lanes from edge to edge, beside the words; within a lane from middle to middle.
  const bool down = from.y < to.y;
  const bool same = from.y == to.y;
  const double x1 = from.x + from.width * (same ? 0.5 : 0.75);
  const double x2 = to.x + to.width * (same ? 0.5 : 0.75);
  const double y1 = from.y + (same ? from.height / 2 : down ? from.height : 0);
  const double y2 = to.y + (same ? to.height / 2 : down ? 0 : to.height);
  const double bend = x1 < x2 || (x1 == x2 && y1 < y2) ? -26 : 26;
  const double cx = (x1 + x2) / 2 + (same ? 0 : bend);
  const double cy = (y1 + y2) / 2 + (same ? bend : bend / 2);
  svg.path(
      "M" + num(x1) + " " + num(y1) + "Q" + num(cx) + " " + num(cy) + " " + num(x2) + " " + num(y2),
      "edge");
  // The head: a small triangle in the direction in which the arrow comes in.
  const double length = std::max(1.0, std::hypot(x2 - cx, y2 - cy));
  const double dx = (x2 - cx) / length * 7;
  const double dy = (y2 - cy) / length * 7;
  svg.path("M" + num(x2) + " " + num(y2) + "L" + num(x2 - dx - dy / 2) + " " +
               num(y2 - dy + dx / 2) + "L" + num(x2 - dx + dy / 2) + " " + num(y2 - dy - dx / 2) +
               "Z",
           "head");
  if (!words.empty()) {
    svg.text((x1 + 2 * cx + x2) / 4 + 4, (y1 + 2 * cy + y2) / 4, words, "t small");
  }
}

void draw_axis(Svg& svg, const Moments& moments, double bottom) {
  const int digits = moments.digits();
  for (std::size_t i = 0; i < moments.times.size(); ++i) {
    const double x = moments.x_of_index(i);
    svg.line(x, kWitnessTop - 20, x, bottom, "grid");
    svg.text(x, bottom + 15, seconds(moments.times[i], digits), "t mid small");
    if (i == 0) continue;
    svg.text(x - moments.step / 2, bottom + 30, "+" + span(moments.times[i] - moments.times[i - 1]),
             "t mid small faint");
  }
  svg.line(kWitnessLeft, bottom, moments.right, bottom, "axis");
}

std::string draw(std::vector<const Op*> ops, const ReportData& data) {
  if (ops.size() > kMaxOps) ops.resize(kMaxOps);
  const Room room(ops, data.history);
  const Moments moments(ops, data, room.step);
  std::map<LaneKey, double> lanes;
  for (const Op* op : ops) lanes[{lane_of(*op, data), op->process}] = 0;
  double y = kWitnessTop;
  for (auto& [key, at] : lanes) {
    at = y;
    y += room.lane;
  }
  const double bottom = y - 18;
  Svg svg(std::max(640.0, moments.right + 16), bottom + 40, "The witness as a space-time diagram");
  for (const auto& window : data.windows) draw_window(svg, window, moments, lanes, data, bottom);
  draw_axis(svg, moments, bottom);
  for (const auto& [key, at] : lanes) {
    const std::string node = key.node < data.nodes.size() ? data.nodes[key.node] : "?";
    svg.text(8, at + 7, node, "t strong");
    svg.text(8, at + 21, "process " + std::to_string(key.process), "t small faint");
    svg.line(kWitnessLeft, at + kWitnessBar / 2, moments.right, at + kWitnessBar / 2, "thread");
  }
  std::vector<Box> boxes;
  for (const Op* op : ops) {
    const double at = lanes.at({lane_of(*op, data), op->process});
    boxes.push_back(box_of(*op, moments, at, data.history));
    draw_op(svg, *op, boxes.back(), data.history);
  }
  const auto edges = edges_of(ops, data.history);
  if (edges.size() <= kMaxEdges) {
    for (const auto& edge : edges) draw_edge(svg, boxes[edge.from], boxes[edge.to], edge.words);
  }
  return svg.finish();
}

std::string event_row(std::uint32_t index, const Op& op, bool invoke,
                      const check::History& history) {
  std::string outcome = "asked";
  if (!invoke) {
    outcome = outcome_of(op, history);
    if (outcome.empty()) outcome = "ok";
  }
  const std::string words = words_of(op, history, invoke);
  return "<tr>" + cell(std::to_string(index), "n") +
         cell(seconds(invoke ? op.invoked : op.completed, 6), "n") + cell(node_text(op, history)) +
         cell(std::to_string(op.process), "n") + cell(words) + cell(outcome) + "</tr>\n";
}

std::string event_table(const std::vector<const Op*>& ops, const check::History& history) {
  std::map<std::uint32_t, std::string> rows;  // by index, so in the order of the file
  for (const Op* op : ops) {
    rows[op->invoke_event] = event_row(op->invoke_event, *op, true, history);
    if (op->complete_event == check::kNone) continue;
    rows[op->complete_event] = event_row(op->complete_event, *op, false, history);
  }
  std::string out =
      "<div class=\"wide\"><table><thead><tr><th class=\"n\">event</th><th class=\"n\">time</th>"
      "<th>node</th><th class=\"n\">process</th><th>operation</th><th>what happened</th></tr>"
      "</thead><tbody>\n";
  for (const auto& [index, row] : rows) out += row;
  return out + "</tbody></table></div>\n";
}

bool registers(const std::vector<const Op*>& ops) {
  return std::all_of(ops.begin(), ops.end(), [](const Op* op) {
    return op->kind == check::OpKind::read || op->kind == check::OpKind::write ||
           op->kind == check::OpKind::cas;
  });
}

bool transactions(const std::vector<const Op*>& ops) {
  return std::any_of(ops.begin(), ops.end(), [](const Op* op) { return op->txn != check::kNone; });
}

std::string one(const check::CheckResult& c, const ReportData& data) {
  std::string out = "<h3>" + escape_markup(c.name) +
                    (c.key.empty() ? "" : ", key <code>" + escape_markup(c.key) + "</code>") +
                    "</h3>\n";
  const auto ops = data.has_history ? ops_of(c.witness, data.history) : std::vector<const Op*>{};
  if (ops.empty()) {
    return out +
           "<p>Its events are in results.json; they can't be drawn without the history.</p>\n";
  }
  // Only registers are told again; every other check has said in its sentence what its witness shows.
  const bool register_of = c.name == "linearizable" && registers(ops);
  const std::string why =
      register_of ? check::explain_witness(data.history, c, data.windows) : std::string();
  out += "<p class=\"say\">" + escape_markup(why.empty() ? c.text : why) + "</p>\n";
  std::string caption =
      "Each bar is one operation, from its request to its answer; whatever it did, it did within. "
      "The distance between moments is not to scale; the true one is written below.";
  if (transactions(ops)) {
    caption +=
        " An arrow wr leads to who read what was written, ww to who wrote later, rw from who read "
        "what was there before to who wrote.";
  } else {
    caption += " An arrow leads from what was left to who saw it.";
  }
  if (ops.size() > kMaxOps) {
    caption += " Only the first " + std::to_string(kMaxOps) + " of " + std::to_string(ops.size()) +
               " operations are drawn; the table has them all.";
  }
  return out + figure(draw(ops, data), caption) + event_table(ops, data.history);
}

}  // namespace

std::string witness_section(const ReportData& data) {
  std::string body;
  for (const auto& c : data.results.checks) {
    if (!c.witness.empty()) body += one(c, data);
  }
  if (body.empty()) body = "<p>No check found a violation, so there is nothing to prove.</p>\n";
  return section("witness", "The proof", body);
}

}  // namespace sunder::harness::report
