// What happened in the cuts: who answered, who noticed, who served again, and how many nodes the others can do without.
// See measure.hpp.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/config.hpp"
#include "check/order/measures.hpp"
#include "harness/cap/measure.hpp"

namespace sunder::harness::cap {
namespace {

using check::AvailabilityRow;
using check::Op;

const PhaseRecord* phase_of(const Records& records, const std::string& fault) {
  for (const PhaseRecord& phase : records.phases) {
    if (!phase.fault.empty() && phase.fault == fault) return &phase;
  }
  return nullptr;
}

// Rows of single nodes instead of sides: every node has to answer, not most of them.
std::vector<AvailabilityRow> rows_by_node(const MeasureInput& input, const Records& records) {
  std::vector<check::FaultWindow> windows = input.windows;
  for (check::FaultWindow& window : windows) {
    window.sides.clear();
    for (const std::string& node : input.history.nodes) window.sides.push_back({node});
  }
  check::AvailabilityOptions options;
  options.settle = input.plan.settle;
  options.timeout = input.plan.op_timeout;
  return check::measure_availability(without_stalls(input.history, records.stalls), windows,
                                     options);
}

// Kinds of operation that some node answered before the first cut; the others are no operations of this system.
std::set<check::OpKind> offered_kinds(const MeasureInput& input, const Records& records) {
  const Nanos end = first_cut(records);
  std::set<check::OpKind> out;
  for (const Op& op : input.history.ops) {
    if (op.invoked < end && was_answered(op)) out.insert(op.kind);
  }
  return out;
}

// Of writes that were acknowledged; of none, all.
double share_of(const QuorumSet& set) {
  if (set.counted == 0) return 1;
  return static_cast<double>(set.answered) / static_cast<double>(set.counted);
}

bool counts(const AvailabilityRow& row, const Records& records) {
  const PhaseRecord* phase = phase_of(records, row.fault);
  return phase != nullptr && row.judged && !phase->vacuous && row.nodes.size() == 1;
}

}  // namespace

std::vector<Cell> measure_cells(const MeasureInput& input, const Records& records) {
  std::map<std::tuple<std::string, std::string, bool>, Cell> found;
  for (const AvailabilityRow& row : rows_by_node(input, records)) {
    if (!counts(row, records)) continue;
    const std::string& node = row.nodes.front();
    // Where the rest is no majority either, its nodes are cut off as well.
    const PhaseRecord& phase = *phase_of(records, row.fault);
    const std::size_t nodes = input.history.nodes.size();
    const bool cut_off = among(phase.touched, node) || 2 * (nodes - phase.touched.size()) <= nodes;
    Cell& cell = found[{row.op, node, cut_off}];
    cell.node = node;
    cell.op = row.op;
    cell.cut_off = cut_off;
    cell.answered += row.answered;
    cell.counted += row.asked - row.censored;
  }
  std::vector<Cell> out;
  for (auto& [name, cell] : found) out.push_back(std::move(cell));
  return out;
}

std::vector<QuorumStep> measure_quorum_cut(const MeasureInput& input, const Records& records) {
  std::map<std::vector<std::string>, QuorumSet> found;
  for (const AvailabilityRow& row : rows_by_node(input, records)) {
    if (!counts(row, records) || row.op != "write") continue;
    const PhaseRecord& phase = *phase_of(records, row.fault);
    const std::string& node = row.nodes.front();
    std::vector<std::string> cut = phase.touched;
    if (cut.size() + 1 == input.history.nodes.size()) {
      // Everybody is alone: each node is what is left without all the others.
      cut = input.history.nodes;
      cut.erase(std::find(cut.begin(), cut.end(), node));
    }
    if (among(cut, node)) continue;
    std::sort(cut.begin(), cut.end());
    QuorumSet& set = found[cut];
    set.cut = cut;
    set.answered += row.answered;
    set.counted += row.asked - row.censored;
  }
  std::map<std::size_t, QuorumStep> steps;
  for (auto& [cut, set] : found) steps[cut.size()].sets.push_back(std::move(set));
  std::vector<QuorumStep> out;
  for (auto& [nodes, step] : steps) {
    step.nodes = static_cast<unsigned>(nodes);
    std::stable_sort(step.sets.begin(), step.sets.end(),
                     [](const auto& a, const auto& b) { return share_of(a) < share_of(b); });
    out.push_back(std::move(step));
  }
  return out;
}

std::vector<CutFindings> measure_cuts(const MeasureInput& input, const Records& records) {
  const auto recovery = check::measure_recovery(input.history, input.windows);
  const std::set<check::OpKind> offered = offered_kinds(input, records);
  std::vector<CutFindings> out;
  for (const PhaseRecord& phase : records.phases) {
    if (phase.fault.empty()) continue;
    CutFindings cut;
    cut.record = phase;
    for (const Op& op : input.history.ops) {
      if (op.invoked < phase.from || op.invoked >= phase.to || offered.count(op.kind) == 0 ||
          op.node >= input.history.nodes.size()) {
        continue;
      }
      ++cut.asked;
      if (was_answered(op)) {
        cut.slowest = std::max(cut.slowest, op.completed - op.invoked);
        continue;
      }
      ++cut.unanswered;
      if (!among(phase.touched, input.history.nodes[op.node]) || op.completed == check::kNever) {
        continue;
      }
      const Nanos after = op.completed - phase.from;
      cut.first_error_after = std::min(cut.first_error_after.value_or(after), after);
    }
    bool all = true;
    Nanos last = 0;
    for (const check::RecoveryRow& row : recovery) {
      if (row.fault != phase.fault) continue;
      all = all && row.after.has_value();
      last = std::max(last, row.after.value_or(0));
    }
    if (all && last > 0) cut.clients_served_after = last;
    out.push_back(std::move(cut));
  }
  return out;
}

void find_edges(QuorumFindings* quorum) {
  // Up to the first step that costs something; without a step nothing is known.
  for (const QuorumStep& step : quorum->delayed) {
    if (!step.extra) break;
    if (!quorum->f_by_delay) quorum->f_by_delay = 0;
    if (*step.extra >= 0.5) break;
    quorum->f_by_delay = step.nodes;
  }
  for (const QuorumStep& step : quorum->cut) {
    const auto thin = [](const QuorumSet& set) { return set.counted < kFewest; };
    const auto refuses = [&](const QuorumSet& set) { return !thin(set) && share_of(set) < 0.5; };
    const bool refused = std::any_of(step.sets.begin(), step.sets.end(), refuses);
    if (!refused && std::any_of(step.sets.begin(), step.sets.end(), thin)) break;
    if (!quorum->f_by_cut) quorum->f_by_cut = 0;
    if (refused) break;
    quorum->f_by_cut = step.nodes;
  }
}

}  // namespace sunder::harness::cap
