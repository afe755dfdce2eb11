// Latencies under delay: per operation and role, the slope over the round trip; and what far nodes cost the near ones.
// See measure.hpp. A latency counts from the intended start, so that a slow answer does not hide those behind it.
#include <algorithm>
#include <map>
#include <utility>

#include "harness/cap/measure.hpp"

namespace sunder::harness::cap {
namespace {

using check::Op;
using check::OpKind;

Nanos latency(const Op& op) {
  const Nanos start = op.intended >= 0 ? std::min(op.intended, op.invoked) : op.invoked;
  return op.completed - start;
}

bool within(const Op& op, const PhaseRecord& phase) {
  return op.invoked >= phase.from && op.invoked < phase.to;
}

std::string node_of(const check::History& history, const Op& op) {
  return op.node < history.nodes.size() ? history.nodes[op.node] : std::string();
}

std::string role_of(const Row& row, const PhaseRecord& phase, const std::string& node) {
  if (!row.leader || phase.leader.empty()) return node;
  return node == phase.leader ? "leader" : "followers";
}

bool usable(const PhaseRecord& phase, PhaseKind kind, const Row& row) {
  return phase.plan.kind == kind && phase.steady && (!row.leader || !phase.leader.empty());
}

// Writes at nodes that were not far away: at the leader where there is one, else at the first node.
std::vector<double> near_writes(const MeasureInput& input, const PhaseRecord& phase) {
  const std::string near = phase.leader.empty() ? input.history.nodes.front() : phase.leader;
  std::vector<double> out;
  for (const Op& op : input.history.ops) {
    if (op.kind != OpKind::write || !was_answered(op) || !within(op, phase)) continue;
    if (node_of(input.history, op) == near) out.push_back(static_cast<double>(latency(op)));
  }
  return out;
}

}  // namespace

std::vector<RoleLatency> measure_latencies(const MeasureInput& input, const Records& records,
                                           std::uint64_t seed) {
  const check::History history = without_stalls(input.history, records.stalls);
  std::map<std::pair<std::string, std::string>, RoleLatency> found;
  for (const PhaseRecord& phase : records.phases) {
    if (!usable(phase, PhaseKind::delay, input.row)) continue;
    std::map<std::pair<std::string, std::string>, std::vector<Nanos>> here;
    for (const Op& op : history.ops) {
      if (!within(op, phase) || !was_answered(op)) continue;
      here[{check::name_of(op.kind), role_of(input.row, phase, node_of(history, op))}].push_back(
          latency(op));
    }
    for (auto& [name, latencies] : here) {
      RoleLatency& role = found[name];
      role.op = name.first;
      role.role = name.second;
      role.points.push_back({phase.plan.rtt, std::move(latencies)});
    }
  }
  std::vector<RoleLatency> out;
  for (auto& [name, role] : found) {
    role.fit = fit_slope(role.points, seed);
    out.push_back(std::move(role));
  }
  return out;
}

std::vector<QuorumStep> measure_quorum_delay(const MeasureInput& input, const Records& records) {
  std::vector<double> base;
  for (const PhaseRecord& phase : records.phases) {
    if (!usable(phase, PhaseKind::delay, input.row) || phase.plan.rtt != 0) continue;
    const auto here = near_writes(input, phase);
    base.insert(base.end(), here.begin(), here.end());
  }
  std::vector<QuorumStep> out;
  for (const PhaseRecord& phase : records.phases) {
    if (!usable(phase, PhaseKind::quorum_delay, input.row)) continue;
    const auto here = near_writes(input, phase);
    QuorumStep step;
    step.nodes = phase.plan.count;
    if (here.size() >= kFewestAnswers && base.size() >= kFewestAnswers) {
      step.extra = (*median(here) - *median(base)) / static_cast<double>(phase.plan.rtt);
    }
    out.push_back(step);
  }
  return out;
}

}  // namespace sunder::harness::cap
