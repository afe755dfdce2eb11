// A row back from cap.json, as far as its page shows it: letters, prices, evidence. See present.hpp.
//
// cap.json → **parse_findings** → Findings → report.html, in `sunder cap` and in `sunder report` alike: one way, so that a
// page drawn again is the same page. Latencies come back as their median, so many times.
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/cap/present.hpp"
#include "harness/report/parts.hpp"

namespace sunder::harness::cap {
namespace {

using nlohmann::json;

// A mistake in the file. Caught in parse_findings.
struct Bad {
  std::string what;
};

[[noreturn]] void wrong(const char* key, const char* what) {
  throw Bad{std::string("\"") + key + "\" is not " + what};
}

const json& field(const json& in, const char* key) {
  static const json nothing;
  if (!in.is_object()) throw Bad{std::string("what should hold \"") + key + "\" is no object"};
  const auto found = in.find(key);
  return found == in.end() ? nothing : *found;
}

std::string text(const json& in, const char* key) {
  const json& value = field(in, key);
  if (value.is_null()) return {};
  if (!value.is_string()) wrong(key, "a text");
  return value.get<std::string>();
}

bool flag(const json& in, const char* key) {
  const json& value = field(in, key);
  if (!value.is_boolean()) wrong(key, "true or false");
  return value.get<bool>();
}

Nanos time(const json& in, const char* key) {
  const json& value = field(in, key);
  if (!value.is_number_integer()) wrong(key, "a whole number");
  return value.get<Nanos>();
}

std::optional<Nanos> time_if(const json& in, const char* key) {
  if (field(in, key).is_null()) return std::nullopt;
  return time(in, key);
}

std::uint64_t count(const json& in, const char* key) {
  const json& value = field(in, key);
  if (!value.is_number_unsigned()) wrong(key, "a count");
  return value.get<std::uint64_t>();
}

// At most so many that a list of them does no harm.
unsigned few(const json& in, const char* key) {
  constexpr std::uint64_t kMost = 100'000;
  const std::uint64_t value = count(in, key);
  if (value > kMost) wrong(key, "a count that can be");
  return static_cast<unsigned>(value);
}

double real(const json& value, const char* key) {
  if (!value.is_number()) wrong(key, "a number");
  return value.get<double>();
}

const json& list(const json& in, const char* key) {
  const json& value = field(in, key);
  if (!value.is_array()) wrong(key, "a list");
  return value;
}

std::vector<std::string> texts(const json& in, const char* key) {
  std::vector<std::string> out;
  for (const json& value : list(in, key)) {
    if (!value.is_string()) wrong(key, "a list of texts");
    out.push_back(value.get<std::string>());
  }
  return out;
}

// The value with that name, of all there are.
template <class Enum, class Name>
Enum named(const json& in, const char* key, std::initializer_list<Enum> all, Name&& name_of_it) {
  const std::string word = text(in, key);
  for (const Enum one : all) {
    if (word == name_of_it(one)) return one;
  }
  wrong(key, ("a known word (\"" + word + "\")").c_str());
}

Decision decision_of(const json& in, const char* key, std::size_t why) {
  Decision out;
  out.letter = named(in, key,
                     {Letter::consistent, Letter::available, Letter::latency, Letter::neither,
                      Letter::none, Letter::undecided},
                     [](Letter letter) { return name_of(letter); });
  const std::vector<std::string> whys = texts(in, "why");
  if (why < whys.size()) out.why = whys[why];
  return out;
}

std::optional<Fit> fit_of(const json& in) {
  const json& slope = field(in, "slope_rtt");
  if (slope.is_null()) return std::nullopt;
  if (!slope.is_array() || slope.size() != 3) wrong("slope_rtt", "three numbers");
  Fit fit;
  fit.slope = {real(slope[0], "slope_rtt"), real(slope[1], "slope_rtt"),
               real(slope[2], "slope_rtt")};
  if (const json& drift = field(in, "drift_ms"); !drift.is_null()) {
    fit.drift_ms = real(drift, "drift_ms");
  }
  return fit;
}

OpFindings op_of(const std::string& name, const json& in) {
  OpFindings out;
  out.op = name;
  out.partition = decision_of(in, "partition", 0);
  out.other = decision_of(in, "else", 1);
  out.slope = fit_of(in);
  out.worst_role = text(in, "worst_role");
  for (const json& cell : list(in, "cells")) {
    out.cells.push_back({text(cell, "node"), name, flag(cell, "cut_off"), count(cell, "answered"),
                         count(cell, "counted")});
  }
  return out;
}

check::CheckResult verdict_of(const json& in) {
  using check::Verdict;
  check::CheckResult out;
  out.name = "linearizable";
  out.verdict = named(in, "verdict", {Verdict::pass, Verdict::unknown, Verdict::fail},
                      [](Verdict verdict) { return check::name_of(verdict); });
  out.power = count(in, "power");
  out.power_inside = count(in, "power_inside");
  out.power_across = count(in, "power_across");
  out.reason = text(in, "reason");
  out.text = text(in, "text");
  return out;
}

ModelFindings model_of(const json& in) {
  ModelFindings out;
  out.name = text(in, "name");
  out.state = text(in, "state");
  out.shown = flag(in, "shown");
  out.single = flag(in, "single");
  out.power = count(in, "power");
  out.text = text(in, "text");
  return out;
}

RaceFindings races_of(const json& in) {
  return {count(in, "begun"), count(in, "complete"), count(in, "overtook"), count(in, "stale")};
}

QuorumStep step_of(const json& in) {
  QuorumStep out;
  out.nodes = few(in, "nodes");
  if (const json& extra = field(in, "extra_rtt"); !extra.is_null()) {
    out.extra = real(extra, "extra_rtt");
  }
  for (const json& set : list(in, "sets")) {
    out.sets.push_back({texts(set, "cut"), count(set, "answered"), count(set, "counted")});
  }
  return out;
}

QuorumFindings quorum_of(const json& in) {
  QuorumFindings out;
  for (const json& step : list(in, "cut")) out.cut.push_back(step_of(step));
  for (const json& step : list(in, "delayed")) out.delayed.push_back(step_of(step));
  if (!field(in, "f_by_cut").is_null()) out.f_by_cut = few(in, "f_by_cut");
  if (!field(in, "f_by_delay").is_null()) out.f_by_delay = few(in, "f_by_delay");
  return out;
}

CutFindings cut_of(const json& in) {
  CutFindings out;
  PhaseRecord& record = out.record;
  record.plan.kind = named(in, "phase", {PhaseKind::cut, PhaseKind::quorum_cut, PhaseKind::notice},
                           [](PhaseKind kind) { return name_of(kind); });
  record.plan.length = time(in, "length_ns");
  record.fault = text(in, "fault");
  record.touched = texts(in, "nodes");
  record.leader = text(in, "leader");
  record.from = time(in, "from");
  record.to = time(in, "to");
  record.vacuous = flag(in, "vacuous");
  record.new_leader_after = time_if(in, "new_leader_after_ns");
  out.asked = count(in, "asked");
  out.unanswered = count(in, "unanswered");
  out.slowest = time(in, "slowest_answer_ns");
  out.first_error_after = time_if(in, "first_error_after_ns");
  const json& recovery = field(in, "recovery_ns");
  record.healed_at = record.to + time(recovery, "network");
  record.serving_after = time_if(recovery, "cluster");
  out.clients_served_after = time_if(recovery, "clients");
  return out;
}

RoleLatency role_of(const json& in) {
  RoleLatency out;
  out.op = text(in, "op");
  out.role = text(in, "role");
  out.fit = fit_of(in);
  for (const json& point : list(in, "points")) {
    out.points.push_back(
        {time(point, "rtt_ns"), std::vector<Nanos>(few(point, "answers"), time(point, "p50_ns"))});
  }
  return out;
}

Findings findings_of(const json& in) {
  Findings out;
  out.row = text(in, "row");
  out.system = text(in, "system");
  out.version = text(in, "version");
  out.nodes = texts(in, "node_names");
  out.seed = count(in, "seed");
  out.quick = flag(in, "quick");
  out.run_dir = text(in, "evidence");
  out.partition = decision_of(in, "partition", 0);
  out.other = decision_of(in, "else", 1);
  for (const char* name : {"read", "write", "cas"}) {
    if (const json& op = field(field(in, "ops"), name); !op.is_null()) {
      out.ops.push_back(op_of(name, op));
    }
  }
  const json& calm = field(in, "calm");
  out.calm.answered = count(calm, "answered");
  out.calm.counted = count(calm, "counted");
  out.records.capacity = real(field(calm, "capacity"), "capacity");
  out.records.rate = real(field(calm, "rate"), "rate");
  const json& verdicts = field(in, "verdicts");
  out.calm.linearizable = verdict_of(field(verdicts, "calm"));
  out.under_delay = verdict_of(field(verdicts, "under_delay"));
  out.whole = verdict_of(field(verdicts, "whole"));
  for (const json& model : list(in, "models")) out.models.push_back(model_of(model));
  out.relays = races_of(field(in, "relays"));
  out.crossings = races_of(field(in, "crossings"));
  out.quorum = quorum_of(field(in, "quorum"));
  for (const json& cut : list(in, "cuts")) out.cuts.push_back(cut_of(cut));
  for (const json& role : list(in, "latencies")) out.latencies.push_back(role_of(role));
  const json& keys = field(in, "keys");
  out.keys = {count(keys, "agreed"), count(keys, "diverged"), count(keys, "lost"),
              count(keys, "unobserved")};
  out.records.stalls.resize(few(in, "stalls"));
  out.notes = texts(in, "notes");
  return out;
}

}  // namespace

Result<Findings> parse_findings(const std::string& text_of_it, const std::string& path) {
  const json in = json::parse(text_of_it, nullptr, false);
  try {
    if (in.is_discarded()) throw Bad{"no JSON"};
    return findings_of(in);
  } catch (const Bad& bad) {
    return Error{ErrorCode::invalid,
                 "not a row that this sunder measured (" + bad.what + "); measure it again", path};
  }
}

Status write_findings_page(const std::string& run_dir) {
  const std::string path = run_dir + "/cap.json";
  std::ifstream file(path, std::ios::binary);
  const std::string json_text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ErrorCode::not_found, "cap.json can't be read", path};
  const auto findings = parse_findings(json_text, path);
  if (!findings) return findings.error();
  const auto data = report::load(run_dir);
  if (!data) return data.error();
  return report::write_page(run_dir, findings_page(*findings, *data));
}

}  // namespace sunder::harness::cap
