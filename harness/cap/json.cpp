// A row as JSON: the contract's fields first and in its order, ours after them. See present.hpp.
#include "check/json.hpp"

#include <cstdio>

#include "harness/cap/present.hpp"

namespace sunder::harness::cap {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  check::append_json_string(out, text);
  return out;
}

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4f", value);
  return buffer;
}

std::string or_null(const std::optional<Nanos>& value) {
  return value ? std::to_string(*value) : "null";
}

std::string slope_json(const std::optional<Fit>& fit) {
  if (!fit) return "null";
  return "[" + number(fit->slope.lo) + "," + number(fit->slope.mid) + "," + number(fit->slope.hi) +
         "]";
}

// [a, b, …] of what `each` makes of every element.
template <class List, class Each>
std::string array(const List& list, Each&& each) {
  std::string out = "[";
  for (const auto& one : list) {
    if (out.size() > 1) out += ',';
    out += each(one);
  }
  return out + "]";
}

std::string names(const std::vector<std::string>& list) {
  return array(list, [](const std::string& name) { return quoted(name); });
}

std::string op_json(const OpFindings& op) {
  std::string out = quoted(op.op) + ":{\"partition\":" + quoted(name_of(op.partition.letter)) +
                    ",\"else\":" + quoted(name_of(op.other.letter)) +
                    ",\"slope_rtt\":" + slope_json(op.slope);
  out += ",\"worst_role\":" + (op.worst_role.empty() ? "null" : quoted(op.worst_role));
  out += ",\"why\":[" + quoted(op.partition.why) + "," + quoted(op.other.why) + "]";
  out += ",\"cells\":" + array(op.cells, [](const Cell& cell) {
           return "{\"node\":" + quoted(cell.node) +
                  ",\"cut_off\":" + (cell.cut_off ? "true" : "false") +
                  ",\"answered\":" + std::to_string(cell.answered) +
                  ",\"counted\":" + std::to_string(cell.counted) + "}";
         });
  return out + "}";
}

std::string verdict_json(const check::CheckResult& result) {
  return "{\"verdict\":" + quoted(check::name_of(result.verdict)) +
         ",\"power\":" + std::to_string(result.power) +
         ",\"power_inside\":" + std::to_string(result.power_inside) +
         ",\"power_across\":" + std::to_string(result.power_across) +
         ",\"reason\":" + quoted(result.reason) + ",\"text\":" + quoted(result.text) + "}";
}

std::string model_json(const ModelFindings& model) {
  return "{\"name\":" + quoted(model.name) + ",\"state\":" + quoted(model.state) +
         ",\"shown\":" + (model.shown ? "true" : "false") +
         ",\"single\":" + (model.single ? "true" : "false") +
         ",\"power\":" + std::to_string(model.power) + ",\"text\":" + quoted(model.text) + "}";
}

std::string races_json(const RaceFindings& races) {
  return "{\"begun\":" + std::to_string(races.begun) +
         ",\"complete\":" + std::to_string(races.complete) +
         ",\"overtook\":" + std::to_string(races.overtook) +
         ",\"stale\":" + std::to_string(races.stale) + "}";
}

std::string calm_json(const Findings& findings) {
  const CalmFindings& calm = findings.calm;
  return "{\"answered\":" + std::to_string(calm.answered) +
         ",\"counted\":" + std::to_string(calm.counted) +
         ",\"linearizable\":" + quoted(check::name_of(calm.linearizable.verdict)) +
         ",\"power\":" + std::to_string(calm.linearizable.power) +
         ",\"capacity\":" + number(findings.records.capacity) +
         ",\"rate\":" + number(findings.records.rate) + "}";
}

std::string set_json(const QuorumSet& set) {
  return "{\"cut\":" + names(set.cut) + ",\"answered\":" + std::to_string(set.answered) +
         ",\"counted\":" + std::to_string(set.counted) + "}";
}

std::string step_json(const QuorumStep& step) {
  return "{\"nodes\":" + std::to_string(step.nodes) +
         ",\"extra_rtt\":" + (step.extra ? number(*step.extra) : "null") +
         ",\"sets\":" + array(step.sets, set_json) + "}";
}

std::string quorum_json(const QuorumFindings& quorum) {
  const auto edge = [](const std::optional<unsigned>& f) {
    return f ? std::to_string(*f) : std::string("null");
  };
  return "{\"f_by_cut\":" + edge(quorum.f_by_cut) + ",\"f_by_delay\":" + edge(quorum.f_by_delay) +
         ",\"cut\":" + array(quorum.cut, step_json) +
         ",\"delayed\":" + array(quorum.delayed, step_json) + "}";
}

std::string cut_json(const CutFindings& cut) {
  const PhaseRecord& record = cut.record;
  return "{\"fault\":" + quoted(record.fault) + ",\"phase\":" + quoted(name_of(record.plan.kind)) +
         ",\"nodes\":" + names(record.touched) +
         ",\"leader\":" + (record.leader.empty() ? "null" : quoted(record.leader)) +
         ",\"from\":" + std::to_string(record.from) + ",\"to\":" + std::to_string(record.to) +
         ",\"length_ns\":" + std::to_string(record.plan.length) +
         ",\"vacuous\":" + (record.vacuous ? "true" : "false") +
         ",\"asked\":" + std::to_string(cut.asked) +
         ",\"unanswered\":" + std::to_string(cut.unanswered) +
         ",\"slowest_answer_ns\":" + std::to_string(cut.slowest) +
         ",\"first_error_after_ns\":" + or_null(cut.first_error_after) +
         ",\"new_leader_after_ns\":" + or_null(record.new_leader_after) +
         ",\"recovery_ns\":{\"network\":" + std::to_string(record.healed_at - record.to) +
         ",\"cluster\":" + or_null(record.serving_after) +
         ",\"clients\":" + or_null(cut.clients_served_after) + "}}";
}

std::string role_json(const RoleLatency& role) {
  std::string out = "{\"op\":" + quoted(role.op) + ",\"role\":" + quoted(role.role) +
                    ",\"slope_rtt\":" + slope_json(role.fit);
  out += ",\"drift_ms\":" + (role.fit ? number(role.fit->drift_ms) : "null");
  out += ",\"points\":" + array(role.points, [](const DelayPoint& point) {
           const auto p50 = median({point.latencies.begin(), point.latencies.end()});
           return "{\"rtt_ns\":" + std::to_string(point.rtt) +
                  ",\"answers\":" + std::to_string(point.latencies.size()) +
                  ",\"p50_ns\":" + std::to_string(static_cast<Nanos>(p50.value_or(0))) + "}";
         });
  return out + "}";
}

}  // namespace

std::string findings_json(const Findings& findings) {
  const ModelFindings* strongest = findings.strongest();
  std::string out =
      "{\"row\":" + quoted(findings.row) + ",\"system\":" + quoted(findings.system) +
      ",\"version\":" + quoted(findings.version) +
      ",\"nodes\":" + std::to_string(findings.nodes.size()) +
      ",\"clock\":\"shared\",\"partition\":" + quoted(name_of(findings.partition.letter)) +
      ",\"else\":" + quoted(name_of(findings.other.letter)) + ",\"ops\":{";
  for (const OpFindings& op : findings.ops) {
    if (out.back() != '{') out += ',';
    out += op_json(op);
  }
  out += "},\"calm\":" + calm_json(findings) +
         ",\"strongest\":" + (strongest == nullptr ? "null" : quoted(strongest->name)) +
         ",\"power\":" + std::to_string(findings.whole.power) +
         ",\"runs\":1,\"evidence\":" + quoted(findings.run_dir);
  out += ",\"quick\":" + std::string(findings.quick ? "true" : "false") +
         ",\"node_names\":" + names(findings.nodes) + ",\"seed\":" + std::to_string(findings.seed) +
         ",\"why\":[" + quoted(findings.partition.why) + "," + quoted(findings.other.why) + "]" +
         ",\"linearizable\":" + quoted(check::name_of(findings.whole.verdict)) +
         ",\"power_inside\":" + std::to_string(findings.whole.power_inside) +
         ",\"power_across\":" + std::to_string(findings.whole.power_across) +
         ",\"verdicts\":{\"calm\":" + verdict_json(findings.calm.linearizable) +
         ",\"under_delay\":" + verdict_json(findings.under_delay) +
         ",\"whole\":" + verdict_json(findings.whole) + "}" +
         ",\"models\":" + array(findings.models, model_json) +
         ",\"relays\":" + races_json(findings.relays) +
         ",\"crossings\":" + races_json(findings.crossings) +
         ",\"quorum\":" + quorum_json(findings.quorum) +
         ",\"cuts\":" + array(findings.cuts, cut_json) +
         ",\"latencies\":" + array(findings.latencies, role_json) +
         ",\"keys\":{\"agreed\":" + std::to_string(findings.keys.agreed) +
         ",\"diverged\":" + std::to_string(findings.keys.diverged) +
         ",\"lost\":" + std::to_string(findings.keys.lost) +
         ",\"unobserved\":" + std::to_string(findings.keys.unobserved) + "}" +
         ",\"stalls\":" + std::to_string(findings.records.stalls.size()) +
         ",\"notes\":" + names(findings.notes) + "}";
  return out;
}

}  // namespace sunder::harness::cap
