// ReportData: reads a run folder; see model.hpp.
#include "harness/report/model.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace sunder::harness::report {
namespace {

using check::FaultWindow;

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::not_found, "the file can't be opened", path};
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return Error{ErrorCode::io, "the file can't be read to its end", path};
  return std::move(text).str();
}

// results.json alone knows the cuts where the event log is lost; the sides are then not known.
std::vector<FaultWindow> windows_of(const RunResults& results) {
  std::vector<FaultWindow> out;
  for (const auto& fault : results.faults) {
    if (!parse_cut_kind(fault.kind)) continue;
    out.push_back({fault.name,
                   fault.kind,
                   fault.in_force_at,
                   fault.healed_at == 0 ? check::kNever : fault.healed_at,
                   fault.pairs,
                   fault.vacuous,
                   {}});
  }
  return out;
}

void choose_lanes(ReportData& data) {
  data.nodes = data.results.nodes;
  if (data.nodes.empty()) data.nodes = data.history.header.nodes;
  if (data.nodes.empty()) data.nodes = data.history.nodes;
  if (data.nodes.size() > kMaxLanes) {
    data.problems.push_back("Only the first " + std::to_string(kMaxLanes) + " of " +
                            std::to_string(data.nodes.size()) + " nodes are drawn.");
    data.nodes.resize(kMaxLanes);
  }
  for (const auto& name : data.history.nodes) {
    const auto found = std::find(data.nodes.begin(), data.nodes.end(), name);
    data.lane_of.push_back(
        found == data.nodes.end() ? kNoLane : static_cast<std::size_t>(found - data.nodes.begin()));
  }
}

void find_span(ReportData& data) {
  Nanos from = check::kNever;
  Nanos to = 0;
  for (const auto& op : data.history.ops) {
    from = std::min(from, op.invoked);
    to = std::max(to, op.completed == check::kNever ? op.invoked : op.completed);
  }
  for (const auto& window : data.windows) {
    from = std::min(from, window.from);
    to = std::max(to, window.to == check::kNever ? window.from : window.to);
  }
  if (from == check::kNever) from = 0;
  data.from = from;
  data.to = std::max(to, from + kMillisecond);
}

}  // namespace

const char* words_of(Ending ending) {
  switch (ending) {
    case Ending::answered: return "answered";
    case Ending::late: return "answered only after the heal";
    case Ending::error: return "error or refused";
    case Ending::silent: return "no answer in time";
  }
  return "";
}

const char* css_of(Ending ending) {
  switch (ending) {
    case Ending::answered: return "ok";
    case Ending::late: return "late";
    case Ending::error: return "err";
    case Ending::silent: return "mute";
  }
  return "";
}

Result<ReportData> load(const std::string& run_dir) {
  const auto text = read_text(run_dir + "/results.json");
  if (!text) {
    return Error{ErrorCode::not_found,
                 "there is no results.json here; give the folder of a finished run, such as "
                 "runs/latest",
                 run_dir};
  }
  auto results = parse_results(*text);
  if (!results) {
    Error error = std::move(results).error();
    error.where = run_dir + "/results.json";
    return error;
  }
  ReportData data;
  data.results = std::move(*results);
  if (auto history = check::read_history(run_dir + "/history.jsonl"); history.ok()) {
    data.history = std::move(*history);
    data.has_history = true;
    for (const auto& warning : data.history.warnings) data.problems.push_back(warning);
  } else {
    data.problems.push_back("The history could not be read, so nothing is drawn from it: " +
                            history.error().text());
  }
  choose_lanes(data);
  auto windows = check::read_fault_windows(run_dir + "/events.jsonl", data.nodes);
  if (windows.ok()) {
    data.windows = std::move(*windows);
  } else {
    data.windows = windows_of(data.results);
    data.problems.push_back(
        "The event log could not be read; the cuts are drawn from the results: " +
        windows.error().text());
  }
  std::stable_sort(data.windows.begin(), data.windows.end(),
                   [](const FaultWindow& a, const FaultWindow& b) { return a.from < b.from; });
  find_span(data);
  return data;
}

Ending ending_of(const check::Op& op, const std::vector<FaultWindow>& windows) {
  if (op.outcome == EventType::ok || op.error == OpErrorClass::mismatch) {
    for (const auto& window : windows) {
      if (window.from > op.invoked) break;  // sorted by start
      if (op.invoked < window.to && op.completed >= window.to) return Ending::late;
    }
    return Ending::answered;
  }
  const bool pending = op.completed == check::kNever;
  return pending || op.error == OpErrorClass::timeout ? Ending::silent : Ending::error;
}

Nanos end_of(const check::Op& op, const ReportData& data) {
  return op.completed == check::kNever ? data.to : op.completed;
}

std::size_t lane_of(const check::Op& op, const ReportData& data) {
  return op.node < data.lane_of.size() ? data.lane_of[op.node] : kNoLane;
}

bool cut_off(const FaultWindow& window, const std::string& node) {
  for (std::size_t i = 1; i < window.sides.size(); ++i) {
    const auto& side = window.sides[i];
    if (std::find(side.begin(), side.end(), node) != side.end()) return true;
  }
  return false;
}

std::string shape_of(const FaultWindow& window) {
  std::string out;
  if (window.sides.size() > 1) {  // as check::explain_witness names a partition: by names
    auto sides = window.sides;
    for (auto& side : sides) std::sort(side.begin(), side.end());
    std::sort(sides.begin(), sides.end());
    for (const auto& side : sides) {
      if (!out.empty()) out += " | ";
      for (std::size_t i = 0; i < side.size(); ++i) out += (i == 0 ? "" : ",") + side[i];
    }
    return out;
  }
  for (const auto& pair : window.pairs) {
    out += (out.empty() ? "" : ", ") + pair.from + "→" + pair.to;
  }
  return out;
}

Nanos window_end(const FaultWindow& window, const ReportData& data) {
  return std::min(window.to, data.to);
}

}  // namespace sunder::harness::report
