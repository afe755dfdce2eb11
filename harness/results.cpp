// results.json: the results of a run as JSON, and back.
//
// runner → RunResults → **results_json** → results.json → **parse_results** → RunResults → report.html. The shape is
// docs/reference/results.md: the contract's fields first and in its order, ours after them. Times are integer
// nanoseconds on the history's clock; null stands for "never", "none" or "not known".
// Whole events of a witness are copied from the history, so that results.json is evidence by itself.
// Thread: pure but for reading the history. Tested by tests/harness/results_test.cpp.
#include "harness/results.hpp"

#include <nlohmann/json.hpp>

#include "check/json.hpp"
#include "harness/report/escape.hpp"

namespace sunder::harness {
namespace {

using json = nlohmann::ordered_json;
using check::AvailabilityRow;
using check::CheckResult;
using check::Verdict;

// ---- writing

json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}
json time_or_null(Nanos time) {
  return time == 0 ? json() : json(time);
}

// The court's own writer makes checks and rows, so that `sunder check --json` and a run agree to the letter.
json parsed(const std::string& text) {
  return json::parse(clean_text(text), nullptr, false);
}

Result<json> check_object(const CheckResult& c, const std::string& history_path) {
  std::vector<std::string> lines;
  if (c.verdict == Verdict::fail && !c.witness.empty()) {
    auto read = check::read_events(history_path, c.witness);
    if (!read) return std::move(read).error();
    lines = std::move(*read);
  }
  json out = parsed(check::check_json(c, lines));
  if (out.is_discarded()) {
    return Error{ErrorCode::invalid, "an event of the witness is not JSON", history_path};
  }
  return out;
}

json fault_json(const FaultRecord& f) {
  json pairs = json::array();
  for (const auto& pair : f.pairs) pairs.push_back(json::array({pair.from, pair.to}));
  json out;
  out["name"] = f.name;
  out["kind"] = f.kind;
  out["pairs"] = std::move(pairs);
  out["asked_at"] = f.asked_at;
  out["in_force_at"] = f.in_force_at;
  out["healed_at"] = time_or_null(f.healed_at);
  out["touched"] = {{"connections", f.touched.connections}, {"bytes", f.touched.bytes},
                    {"packets", f.touched.packets},         {"attempts", f.touched.attempts},
                    {"held_ns", f.touched.held_ns},         {"messages", f.touched.messages}};
  out["vacuous"] = f.vacuous;
  if (!f.nodes.empty()) out["nodes"] = f.nodes;
  if (!f.detail.empty()) out["detail"] = f.detail;
  return out;
}

json recovery_json(const RecoveryRecord& r) {
  json out;
  out["fault"] = r.fault;
  out["healed_at"] = r.healed_at;
  out["recovered_at"] = time_or_null(r.recovered_at);
  out["bound"] = r.bound;
  out["recovered"] = r.recovered;
  return out;
}

json rung_json(const LadderRung& rung) {
  json out;
  out["name"] = rung.name;
  out["state"] = check::name_of(rung.state);
  out["power"] = rung.power;
  out["reason"] = text_or_null(rung.reason);
  out["text"] = rung.text;
  return out;
}

json budget_json(const BudgetRecord& budget) {
  if (budget.asked == 0) return {};
  return {{"asked", budget.asked},
          {"load_asked", budget.load_asked},
          {"load_granted", budget.load_granted},
          {"ran_out", text_or_null(budget.ran_out)}};
}

json lost_json(const LostWrite& lost) {
  json out;
  out["op"] = lost.op;
  out["key"] = lost.key;
  out["value"] = parsed(lost.value);
  if (out["value"].is_discarded()) out["value"] = lost.value;
  out["node"] = lost.node;
  out["side"] = text_or_null(lost.side);
  out["fault"] = text_or_null(lost.fault);
  out["process"] = lost.process;
  out["asked_at"] = lost.asked_at;
  out["acknowledged_at"] = lost.acknowledged_at;
  out["reads"] = lost.reads;
  return out;
}

// ---- reading
// nlohmann throws on a wrong type; we throw Bad with the field's name, and parse_results turns both into an Error.

struct Bad {
  std::string message;
};

const json& field(const json& object, const char* key) {
  if (!object.is_object()) throw Bad{std::string("expected an object with \"") + key + "\""};
  const auto found = object.find(key);
  static const json null;
  return found == object.end() ? null : *found;
}

std::string text(const json& object, const char* key) {
  const json& value = field(object, key);
  if (value.is_null()) return "";
  if (!value.is_string()) throw Bad{std::string("\"") + key + "\" is not a text"};
  return value.get<std::string>();
}

// Unsigned where T is. A number with a point or of the wrong sign is a mistake: a cast would be undefined.
template <class T>
T number(const json& object, const char* key) {
  const json& value = field(object, key);
  if (value.is_null()) return 0;
  const bool fits = std::is_signed_v<T> ? value.is_number_integer() : value.is_number_unsigned();
  if (!fits) throw Bad{std::string("\"") + key + "\" is not a whole number"};
  return value.get<T>();
}

bool flag(const json& object, const char* key, bool fallback) {
  const json& value = field(object, key);
  if (value.is_null()) return fallback;
  if (!value.is_boolean()) throw Bad{std::string("\"") + key + "\" is not true or false"};
  return value.get<bool>();
}

const json& list(const json& object, const char* key) {
  static const json empty = json::array();
  const json& value = field(object, key);
  if (value.is_null()) return empty;
  if (!value.is_array()) throw Bad{std::string("\"") + key + "\" is not a list"};
  return value;
}

std::vector<std::string> texts(const json& object, const char* key) {
  std::vector<std::string> out;
  for (const auto& value : list(object, key)) {
    if (!value.is_string()) throw Bad{std::string("\"") + key + "\" holds more than texts"};
    out.push_back(value.get<std::string>());
  }
  return out;
}

Verdict verdict_of(const json& object) {
  const std::string word = text(object, "verdict");
  for (const auto v : {Verdict::pass, Verdict::fail, Verdict::unknown}) {
    if (word == name_of(v)) return v;
  }
  throw Bad{"\"verdict\" is \"" + word + "\" and not pass, fail or unknown"};
}

CheckResult check_of(const json& in) {
  CheckResult c;
  c.name = text(in, "name");
  c.verdict = verdict_of(in);
  c.reason = text(in, "reason");
  c.text = text(in, "text");
  c.method = text(in, "method");
  c.power = number<std::uint64_t>(in, "power");
  c.power_inside = number<std::uint64_t>(in, "power_inside");
  c.power_across = number<std::uint64_t>(in, "power_across");
  if (const json& keys = field(in, "keys"); !keys.is_null()) {
    c.keys.pass = number<std::uint64_t>(keys, "pass");
    c.keys.fail = number<std::uint64_t>(keys, "fail");
    c.keys.unknown = number<std::uint64_t>(keys, "unknown");
  }
  c.key = text(in, "key");
  for (const auto& event : list(in, "witness")) {
    const auto index = number<std::uint64_t>(event, "index");
    if (index >= check::kNone) throw Bad{"\"index\" of a witness is too large"};
    c.witness.push_back(static_cast<std::uint32_t>(index));
  }
  return c;
}

FaultRecord fault_of(const json& in) {
  FaultRecord f;
  f.name = text(in, "name");
  f.kind = text(in, "kind");
  for (const auto& pair : list(in, "pairs")) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      throw Bad{"\"pairs\" holds something that is not [from, to]"};
    }
    f.pairs.push_back({pair[0].get<std::string>(), pair[1].get<std::string>()});
  }
  f.asked_at = number<Nanos>(in, "asked_at");
  f.in_force_at = number<Nanos>(in, "in_force_at");
  f.healed_at = number<Nanos>(in, "healed_at");
  if (const json& touched = field(in, "touched"); !touched.is_null()) {
    f.touched.connections = number<std::uint64_t>(touched, "connections");
    f.touched.bytes = number<std::uint64_t>(touched, "bytes");
    f.touched.packets = number<std::uint64_t>(touched, "packets");
    f.touched.attempts = number<std::uint64_t>(touched, "attempts");
    f.touched.held_ns = number<Nanos>(touched, "held_ns");
    f.touched.messages = number<std::uint64_t>(touched, "messages");
  }
  f.vacuous = flag(in, "vacuous", false);
  for (const auto& node : list(in, "nodes")) {
    if (node.is_string()) f.nodes.push_back(node.get<std::string>());
  }
  f.detail = text(in, "detail");
  return f;
}

AvailabilityRow row_of(const json& in) {
  AvailabilityRow row;
  row.fault = text(in, "fault");
  row.from = number<Nanos>(in, "from");
  row.to = number<Nanos>(in, "to");
  row.side = text(in, "side");
  row.nodes = texts(in, "nodes");
  row.op = text(in, "op");
  row.asked = number<std::uint64_t>(in, "asked");
  row.answered = number<std::uint64_t>(in, "answered");
  row.errors = number<std::uint64_t>(in, "errors");
  row.timeouts = number<std::uint64_t>(in, "timeouts");
  row.late = number<std::uint64_t>(in, "late");
  row.censored = number<std::uint64_t>(in, "censored");
  row.settle = number<Nanos>(in, "settle_ns");
  row.timeout = number<Nanos>(in, "timeout_ns");
  if (!field(in, "first_answer_after_ns").is_null()) {
    row.first_answer_after = number<Nanos>(in, "first_answer_after_ns");
  }
  row.judged = flag(in, "judged", true);
  row.note = text(in, "note");
  row.left_out = number<std::uint64_t>(in, "left_out");
  return row;
}

check::Quantiles quantiles_of(const json& in) {
  return {number<std::int64_t>(in, "p50"), number<std::int64_t>(in, "p90"),
          number<std::int64_t>(in, "p99"), number<std::int64_t>(in, "max")};
}

check::StalenessRow staleness_of(const json& in) {
  check::StalenessRow row;
  row.fault = text(in, "fault");
  row.node = text(in, "node");
  row.reads = number<std::uint64_t>(in, "reads");
  row.stale = number<std::uint64_t>(in, "stale");
  row.age = quantiles_of(field(in, "age_ns"));
  row.behind = quantiles_of(field(in, "behind"));
  for (const json& bucket : list(in, "histogram")) {
    const bool pair = bucket.is_array() && bucket.size() == 2 && bucket[0].is_number_integer() &&
                      bucket[1].is_number_unsigned();
    if (!pair) throw Bad{"a bucket of \"histogram\" is not two numbers"};
    row.histogram.push_back({bucket[0].get<Nanos>(), bucket[1].get<std::uint64_t>()});
  }
  return row;
}

LadderRung rung_of(const json& in) {
  using check::RungState;
  LadderRung rung;
  rung.name = text(in, "name");
  rung.power = number<std::uint64_t>(in, "power");
  rung.reason = text(in, "reason");
  rung.text = text(in, "text");
  const std::string word = text(in, "state");
  for (const auto state : {RungState::pass, RungState::fail, RungState::unknown, RungState::vacuous,
                           RungState::not_observable}) {
    if (word != check::name_of(state)) continue;
    rung.state = state;
    return rung;
  }
  throw Bad{"\"state\" of a model is \"" + word + "\""};
}

LostWrite lost_of(const json& in) {
  return {text(in, "op"),
          text(in, "key"),
          field(in, "value").dump(-1, ' ', false, json::error_handler_t::replace),
          text(in, "node"),
          text(in, "side"),
          text(in, "fault"),
          number<std::int64_t>(in, "process"),
          number<Nanos>(in, "asked_at"),
          number<Nanos>(in, "acknowledged_at"),
          number<std::uint64_t>(in, "reads")};
}

RunResults results_of(const json& in) {
  RunResults r;
  r.sunder_version = text(in, "sunder");
  r.verdict = verdict_of(in);
  r.reason = text(in, "reason");
  r.seed = number<std::uint64_t>(in, "seed");
  if (const json& system = field(in, "system"); !system.is_null()) {
    r.system_name = text(system, "name");
    r.system_version = text(system, "version");
  }
  for (const auto& c : list(in, "checks")) r.checks.push_back(check_of(c));
  for (const auto& f : list(in, "faults")) r.faults.push_back(fault_of(f));
  for (const auto& row : list(in, "availability")) r.availability.push_back(row_of(row));
  for (const auto& row : list(in, "staleness")) r.staleness.push_back(staleness_of(row));
  for (const auto& rung : list(in, "ladder")) r.ladder.push_back(rung_of(rung));
  for (const auto& lost : list(in, "lost_writes")) r.lost_writes.push_back(lost_of(lost));
  for (const auto& rec : list(in, "recovery")) {
    r.recovery.push_back({text(rec, "fault"), number<Nanos>(rec, "healed_at"),
                          number<Nanos>(rec, "recovered_at"), number<Nanos>(rec, "bound"),
                          flag(rec, "recovered", false)});
  }
  r.suite = text(in, "suite");
  r.nodes = texts(in, "nodes");
  r.duration = number<Nanos>(in, "duration");
  r.ops = number<std::uint64_t>(in, "ops");
  for (const auto& stall : list(in, "stalls")) {
    r.stalls.push_back({number<Nanos>(stall, "at"), number<Nanos>(stall, "length")});
  }
  r.notes = texts(in, "notes");
  if (const json& budget = field(in, "budget"); !budget.is_null()) {
    r.budget = {number<Nanos>(budget, "asked"), number<Nanos>(budget, "load_asked"),
                number<Nanos>(budget, "load_granted"), text(budget, "ran_out")};
  }
  return r;
}

}  // namespace

Result<std::string> results_json(const RunResults& results, const std::string& history_path) {
  json checks = json::array();
  for (const auto& c : results.checks) {
    auto one = check_object(c, history_path);
    if (!one) return std::move(one).error();
    checks.push_back(std::move(*one));
  }
  json out;
  out["sunder"] = results.sunder_version;
  out["verdict"] = name_of(results.verdict);
  out["reason"] = text_or_null(results.reason);
  out["seed"] = results.seed;
  out["system"] = {{"name", results.system_name}, {"version", results.system_version}};
  out["checks"] = std::move(checks);
  const auto append = [&out](const char* key, const auto& values, const auto& make) {
    out[key] = json::array();
    for (const auto& value : values) out[key].push_back(make(value));
  };
  append("faults", results.faults, fault_json);
  append("availability", results.availability,
         [](const AvailabilityRow& row) { return parsed(check::row_json(row)); });
  append("recovery", results.recovery, recovery_json);
  append("staleness", results.staleness,
         [](const check::StalenessRow& row) { return parsed(check::staleness_json(row)); });
  out["suite"] = results.suite;
  out["nodes"] = results.nodes;
  out["duration"] = results.duration;
  out["ops"] = results.ops;
  append("stalls", results.stalls, [](const StallRecord& s) {
    return json{{"at", s.at}, {"length", s.length}};
  });
  out["notes"] = results.notes;
  append("ladder", results.ladder, rung_json);
  append("lost_writes", results.lost_writes, lost_json);
  out["budget"] = budget_json(results.budget);
  // Texts may hold bytes of a database that are not UTF-8: those are replaced, the rest is kept.
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<RunResults> parse_results(const std::string& text) {
  const json in = json::parse(text, nullptr, false);
  if (in.is_discarded()) {
    return Error{ErrorCode::invalid, "the results are not JSON; was the run cut short?"};
  }
  try {
    return results_of(in);
  } catch (const Bad& bad) {
    return Error{ErrorCode::invalid, "the results do not have their form: " + bad.message};
  } catch (const json::exception& e) {
    return Error{ErrorCode::invalid,
                 std::string("the results do not have their form: ") + e.what()};
  }
}

}  // namespace sunder::harness
