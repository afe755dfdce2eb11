// Witness: the few operations that prove a failure, as a drawing, a sentence and a table.
//
// CheckResult.witness (event indices) + History → operations → space-time diagram: a lane a process, a bar from the
// request to the answer. Such operations are often microseconds long and seconds apart, so the time axis is not to
// scale: every moment stands at the same distance from the next, and the true distance is written between them.
// Thread: pure. Tested by tests/harness/report_test.cpp.
#include <algorithm>
#include <map>
#include <set>

#include "harness/report/escape.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::report {
namespace {

using check::Op;

constexpr double kLeft = 118;
constexpr double kStep = 88;  // from one moment to the next
constexpr double kLaneStep = 50;
constexpr double kTop = 44;
constexpr double kBar = 16;
constexpr std::size_t kMaxOps = 40;  // a chain of cas may be long; the table has them all

std::vector<const Op*> ops_of(const check::CheckResult& c, const check::History& history) {
  const std::set<std::uint32_t> wanted(c.witness.begin(), c.witness.end());
  std::vector<const Op*> out;
  for (const auto& op : history.ops) {
    if (wanted.count(op.invoke_event) != 0 ||
        (op.complete_event != check::kNone && wanted.count(op.complete_event) != 0)) {
      out.push_back(&op);
    }
  }
  return out;
}

std::string value_text(const check::History& history, check::ValueId id) {
  if (id == check::kAbsent) return "absent";
  if (id == check::kUnknown || id >= history.values.size()) return "?";
  return shorten(history.values.text(id), 14);
}

// "write 42", "read → 41", "cas 41 → 42"
std::string words_of(const Op& op, const check::History& history) {
  const std::string value = value_text(history, op.value);
  switch (op.kind) {
    case check::OpKind::write: return "write " + value;
    case check::OpKind::read: return op.outcome == EventType::ok ? "read → " + value : "read";
    case check::OpKind::cas: return "cas " + value_text(history, op.old) + " → " + value;
    default: break;
  }
  return name_of(op.kind);
}

// What came of it, where that is not a plain ok.
std::string outcome_of(const Op& op, const check::History& history) {
  if (op.completed == check::kNever) return "never answered";
  if (op.outcome == EventType::info) return "outcome unknown";
  if (op.outcome == EventType::ok) return "";
  if (op.error != OpErrorClass::mismatch) return "failed";
  return op.observed == check::kUnknown ? "mismatch" : "found " + value_text(history, op.observed);
}

std::string node_text(const Op& op, const check::History& history) {
  return op.node < history.nodes.size() ? history.nodes[op.node] : "?";
}

const char* css_of(const Op& op) {
  switch (op.kind) {
    case check::OpKind::write: return "bar w";
    case check::OpKind::read: return "bar r";
    default: return "bar c";
  }
}

// The moments of a drawing, each at its own place.
struct Moments {
  std::vector<Nanos> times;
  double right = 0;  // where an operation that never ended leads to

  explicit Moments(const std::vector<const Op*>& ops, const ReportData& data) {
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
    right = x_of_index(times.size() - 1) + kStep * 0.7;
  }
  static double x_of_index(std::size_t i) { return kLeft + 40 + kStep * static_cast<double>(i); }
  // Before the first moment and after the last: the edges of the drawing.
  double x(Nanos time) const {
    if (time < times.front()) return kLeft;
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
      svg.rect(x, y - 22, width, kLaneStep - 6, "win", data.nodes[key.node] + " is cut off");
    }
  }
}

void draw_op(Svg& svg, const Op& op, const Moments& moments, double y,
             const check::History& history) {
  const bool open = op.completed == check::kNever;
  const double x = moments.x(op.invoked);
  const double end = open ? moments.right : moments.x(op.completed);
  const std::string outcome = outcome_of(op, history);
  std::string title = words_of(op, history) + ", asked at " + seconds(op.invoked, 6);
  title += open ? ", never answered" : ", over at " + seconds(op.completed, 6);
  const bool sure = op.outcome == EventType::ok;
  svg.rect(x, y, std::max(3.0, end - x), kBar, std::string(css_of(op)) + (sure ? "" : " open"),
           title);
  svg.text(x, y - 5, words_of(op, history), "t strong");
  if (!outcome.empty()) svg.text(x + 4, y + 12, outcome, "t small");
}

void draw_axis(Svg& svg, const Moments& moments, double bottom) {
  const int digits = moments.digits();
  for (std::size_t i = 0; i < moments.times.size(); ++i) {
    const double x = Moments::x_of_index(i);
    svg.line(x, kTop - 20, x, bottom, "grid");
    svg.text(x, bottom + 15, seconds(moments.times[i], digits), "t mid small");
    if (i == 0) continue;
    svg.text(x - kStep / 2, bottom + 30, "+" + span(moments.times[i] - moments.times[i - 1]),
             "t mid small faint");
  }
  svg.line(kLeft, bottom, moments.right, bottom, "axis");
}

std::string draw(std::vector<const Op*> ops, const ReportData& data) {
  if (ops.size() > kMaxOps) ops.resize(kMaxOps);
  const Moments moments(ops, data);
  std::map<LaneKey, double> lanes;
  for (const Op* op : ops) lanes[{lane_of(*op, data), op->process}] = 0;
  double y = kTop;
  for (auto& [key, at] : lanes) {
    at = y;
    y += kLaneStep;
  }
  const double bottom = y - 18;
  Svg svg(std::max(640.0, moments.right + 16), bottom + 40, "The witness as a space-time diagram");
  for (const auto& window : data.windows) draw_window(svg, window, moments, lanes, data, bottom);
  draw_axis(svg, moments, bottom);
  for (const auto& [key, at] : lanes) {
    const std::string node = key.node < data.nodes.size() ? data.nodes[key.node] : "?";
    svg.text(8, at + 7, node, "t strong");
    svg.text(8, at + 21, "process " + std::to_string(key.process), "t small faint");
    svg.line(kLeft, at + kBar / 2, moments.right, at + kBar / 2, "thread");
  }
  for (const Op* op : ops) {
    draw_op(svg, *op, moments, lanes.at({lane_of(*op, data), op->process}), data.history);
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
  std::string words = words_of(op, history);
  if (invoke && op.kind == check::OpKind::read) words = "read";
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

std::string one(const check::CheckResult& c, const ReportData& data) {
  std::string out = "<h3>" + escape_markup(c.name) +
                    (c.key.empty() ? "" : ", key <code>" + escape_markup(c.key) + "</code>") +
                    "</h3>\n";
  const auto ops = data.has_history ? ops_of(c, data.history) : std::vector<const Op*>{};
  if (ops.empty()) {
    return out +
           "<p>Its events are in results.json; they can't be drawn without the history.</p>\n";
  }
  const std::string why = check::explain_witness(data.history, c, data.windows);
  out += "<p class=\"say\">" + escape_markup(why.empty() ? c.text : why) + "</p>\n";
  std::string caption =
      "Each bar is one operation, from its request to its answer; whatever it did, it did within. "
      "The distance between moments is not to scale; the true one is written below.";
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
