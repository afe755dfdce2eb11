// Puts the measurements together and asks the rules for the letters. See measure.hpp and letters.hpp.
#include <algorithm>
#include <set>
#include <utility>

#include "check/order/measures.hpp"
#include "harness/cap/measure.hpp"

namespace sunder::harness::cap {
namespace {

using check::CheckResult;
using check::History;

CheckResult judge(const MeasureInput& input, const History& history) {
  return check::check_linearizable(history, input.budget, input.windows);
}

// Operations that are asked, in the order in which people name them.
std::vector<std::string> ops_of(const History& history) {
  std::vector<std::string> out;
  for (const check::OpKind kind : {check::OpKind::read, check::OpKind::write, check::OpKind::cas}) {
    const bool asked = std::any_of(history.ops.begin(), history.ops.end(),
                                   [kind](const check::Op& op) { return op.kind == kind; });
    if (asked) out.emplace_back(check::name_of(kind));
  }
  return out;
}

// How many nodes answered the operation before the first cut.
std::size_t offering(const History& calm, const std::string& op_name) {
  std::set<std::uint16_t> nodes;
  for (const check::Op& op : calm.ops) {
    const bool answer = op.outcome == EventType::ok || op.error == OpErrorClass::mismatch;
    if (answer && check::name_of(op.kind) == op_name) nodes.insert(op.node);
  }
  return nodes.size();
}

void worst_slope(const std::vector<RoleLatency>& latencies, OpFindings* op) {
  for (const RoleLatency& role : latencies) {
    if (role.op != op->op || !role.fit) continue;
    if (op->slope && op->slope->slope.mid >= role.fit->slope.mid) continue;
    op->slope = role.fit;
    op->worst_role = role.role;
  }
}

std::optional<Slope> slope_of(const std::optional<Fit>& fit) {
  return fit ? std::optional<Slope>(fit->slope) : std::nullopt;
}

CalmFindings calm_of(const MeasureInput& input, const Records& records) {
  Nanos end = first_cut(records);
  for (const PhaseRecord& phase : records.phases) {
    if (phase.plan.kind == PhaseKind::calm) end = std::min(end, phase.to);
  }
  const History part = before(input.history, end);
  CalmFindings out;
  out.linearizable = judge(input, part);
  for (const check::AvailabilityRow& row :
       check::measure_availability(without_stalls(part, records.stalls), {}, {})) {
    out.answered += row.answered;
    out.counted += row.asked - row.censored;
  }
  return out;
}

KeyFindings keys_of(const MeasureInput& input) {
  KeyFindings out;
  using State = check::ConvergenceRow::State;
  for (const check::ConvergenceRow& row :
       check::measure_convergence(input.history, input.windows)) {
    switch (row.state) {
      case State::agreed: ++out.agreed; break;
      case State::diverged: ++out.diverged; break;
      case State::lost: ++out.lost; break;
      case State::unobserved: ++out.unobserved; break;
    }
  }
  return out;
}

// The facts that all operations of a row share.
struct Shared {
  History calm;  // before the first cut
  CheckResult writes_whole;
  CheckResult writes_under_delay;
  bool several_nodes = true;
  bool effective = false;
};

OpFindings decide(const Shared& shared, const Findings& findings, const std::vector<Cell>& cells,
                  const std::string& name) {
  OpFindings op;
  op.op = name;
  for (const Cell& cell : cells) {
    if (cell.op == name) op.cells.push_back(cell);
  }
  op.answering = answering_of(op.cells, offering(shared.calm, name));
  // Where the whole stands, so does every part of it.
  const bool whole_kept = consistency_of(findings.whole) == Consistency::kept;
  const bool delay_kept = consistency_of(findings.under_delay) == Consistency::kept;
  const bool read = name == "read";
  const CheckResult& own = read || whole_kept ? findings.whole : shared.writes_whole;
  const CheckResult& own_delay =
      read || delay_kept ? findings.under_delay : shared.writes_under_delay;
  op.own_in_cuts = consistency_of(own);
  op.own_under_delay = consistency_of(own_delay);
  op.partition = partition_letter({shared.several_nodes, shared.effective, own.power_across > 0,
                                   op.answering, op.own_in_cuts, consistency_of(findings.whole)});
  worst_slope(findings.latencies, &op);
  op.other = else_letter({shared.several_nodes, slope_of(op.slope), op.own_under_delay,
                          consistency_of(findings.under_delay)});
  return op;
}

void merge(const Shared& shared, Findings* findings) {
  PartitionFacts partition;
  ElseFacts other;
  std::vector<Answering> all;
  bool slopes = true;
  for (const OpFindings& op : findings->ops) {
    all.push_back(op.answering);
    slopes = slopes && op.slope.has_value();
    if (op.slope && (!other.slope || other.slope->mid < op.slope->slope.mid)) {
      other.slope = op.slope->slope;
    }
  }
  if (!slopes) other.slope.reset();
  partition.several_nodes = other.several_nodes = shared.several_nodes;
  partition.effective = shared.effective;
  partition.across = findings->whole.power_across > 0;
  partition.answering = together(all);
  partition.own = partition.whole = consistency_of(findings->whole);
  other.own = other.whole = consistency_of(findings->under_delay);
  findings->partition = partition_letter(partition);
  findings->other = else_letter(other);
}

}  // namespace

bool Findings::decided() const {
  const auto open = [](const Decision& one) { return one.letter == Letter::undecided; };
  if (open(partition) || open(other) || ops.empty()) return false;
  return std::none_of(ops.begin(), ops.end(),
                      [&](const OpFindings& op) { return open(op.partition) || open(op.other); });
}

void measure(const MeasureInput& input, Findings* findings) {
  const Records& records = findings->records;
  const std::size_t nodes = input.history.nodes.size();
  Shared shared;
  shared.calm = before(input.history, first_cut(records));
  shared.several_nodes = nodes > 1;
  shared.effective =
      std::any_of(records.phases.begin(), records.phases.end(), [](const PhaseRecord& phase) {
        return (phase.plan.kind == PhaseKind::cut || phase.plan.kind == PhaseKind::quorum_cut) &&
               !phase.fault.empty() && !phase.vacuous;
      });
  findings->under_delay = judge(input, shared.calm);
  if (consistency_of(findings->whole) != Consistency::kept) {
    shared.writes_whole = judge(input, without_client_reads(input.history, input.plan, nodes));
    shared.writes_under_delay = judge(input, without_client_reads(shared.calm, input.plan, nodes));
  }
  findings->latencies = measure_latencies(input, records, findings->seed);
  findings->calm = calm_of(input, records);
  findings->relays = measure_relays(input, records);
  findings->crossings = measure_crossings(input, records);
  findings->models = measure_models(input, findings->relays, findings->crossings);
  const std::vector<Cell> cells = measure_cells(input, records);
  for (const std::string& name : ops_of(input.history)) {
    if (offering(shared.calm, name) == 0) continue;
    findings->ops.push_back(decide(shared, *findings, cells, name));
  }
  merge(shared, findings);
  findings->quorum.delayed = measure_quorum_delay(input, records);
  findings->quorum.cut = measure_quorum_cut(input, records);
  find_edges(&findings->quorum);
  findings->cuts = measure_cuts(input, records);
  findings->keys = keys_of(input);
}

}  // namespace sunder::harness::cap
