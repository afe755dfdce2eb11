// Reports as JSON; see reports.hpp.
#include "control/reports.hpp"

namespace sunder::control {
namespace {

constexpr std::size_t kMessageMax = 800;  // an error repeats what was asked, which may be long

JsonText rule_fields(const RuleReport& rule) {
  JsonText out;
  out.text("name", rule.name).text("kind", rule.kind).pairs("pairs", rule.pairs);
  out.number("asked_at", rule.asked_at).number("in_force_at", rule.in_force_at);
  if (rule.healed_at != 0) {
    out.number("healed_at", rule.healed_at);
  } else {
    out.null("healed_at");
  }
  out.raw("touched", touched_json(rule.touched)).boolean("vacuous", rule.vacuous);
  return out;
}

std::string node_json(const StatusReport::NodeLine& line) {
  JsonText out;
  out.text("name", line.node.name);
  out.text("role", line.node.role == NodeRole::server ? "server" : "client");
  if (line.node.ip != 0) {
    out.text("ip", to_string(line.node.ip));
  } else {
    out.null("ip");
  }
  out.boolean("down", line.down);
  std::vector<std::string> pids;
  for (const int pid : line.pids) pids.push_back(std::to_string(pid));
  if (!pids.empty()) out.raw("pids", json_array(pids));
  return out.object();
}

std::string pair_json(const PairReport& pair) {
  std::vector<std::string> cuts;
  for (const CutOnPair& cut : pair.cuts) {
    JsonText text;
    text.text("name", cut.name).text("kind", name_of(cut.kind)).number("since", cut.since);
    cuts.push_back(text.object());
  }
  std::vector<std::string> faults;
  for (const std::string& name : pair.faults) faults.push_back(json_quoted(name));
  std::vector<std::string> rules;
  for (const RuleOnPair& rule : pair.rules) {
    JsonText text;
    text.text("name", rule.name).text("kind", rule.kind).boolean("acts", rule.acts);
    if (!rule.acts) text.text("why", rule.why);
    rules.push_back(text.object());
  }
  JsonText out;
  out.text("from", pair.pair.from).text("to", pair.pair.to);
  out.raw("cuts", json_array(cuts)).raw("faults", json_array(faults));
  out.raw("rules", json_array(rules));
  out.text("established", pair.established).text("opening", pair.opening);
  const proxy::PairStats& stats = pair.stats;
  out.number("connections", stats.connections_open);
  out.number("connections_total", stats.connections_total);
  out.number("refused", stats.refused).number("resets", stats.resets);
  out.number("bytes_in", stats.bytes_in).number("bytes_out", stats.bytes_out);
  out.number("bytes_held", stats.bytes_held).boolean("intact", stats.intact);
  out.number("bytes_omitted", stats.bytes_omitted).number("bytes_changed", stats.bytes_changed);
  return out.object();
}

std::string bypass_json(const BypassLine& line) {
  JsonText out;
  out.text("from", line.pair.from).text("to", line.pair.to);
  out.number("from_pid", line.from_pid).number("to_pid", line.to_pid);
  out.text("source", line.source).text("destination", line.destination);
  return out.number("since", line.since).object();
}

std::uint64_t sum(const std::map<proxy::IpPair, std::uint64_t>& counts) {
  std::uint64_t out = 0;
  for (const auto& entry : counts) out += entry.second;
  return out;
}

}  // namespace

std::string touched_json(const Touched& touched) {
  JsonText out;
  out.number("connections", touched.connections).number("bytes", touched.bytes);
  out.number("packets", touched.packets).number("attempts", touched.attempts);
  if (touched.messages != 0) out.number("messages", touched.messages);
  if (touched.unframed != 0) out.number("unframed", touched.unframed);
  return out.number("held_ns", touched.held_ns).object();
}

std::string applied_json(const Applied& applied) {
  std::vector<std::string> removed;
  for (const RuleReport& rule : applied.removed) removed.push_back(rule_fields(rule).object());
  JsonText out;
  out.number("epoch", applied.epoch).text("name", applied.name);
  out.number("asked_at", applied.asked_at).number("in_force_at", applied.in_force_at);
  out.number("took", applied.in_force_at - applied.asked_at);
  out.number("loops_took", applied.loops_took);
  out.pairs("pairs", applied.pairs).raw("removed", json_array(removed));
  return out.object();
}

std::string rule_json(const RuleInForce& rule) {
  JsonText params;
  for (const auto& [key, value] : rule.params) params.text(key, value);
  JsonText out = rule_fields(rule.report);
  out.boolean("cut", rule.is_cut).raw("params", params.object());
  out.real("probability", rule.probability);
  if (rule.ends_at != 0) {
    out.number("ends_at", rule.ends_at);
  } else {
    out.null("ends_at");
  }
  if (!rule.lease.empty()) out.text("lease", rule.lease);
  if (rule.flap_on != 0) {
    out.number("flap_on", rule.flap_on).number("flap_off", rule.flap_off).boolean("on", !rule.off);
  }
  if (!rule.frame.empty()) out.text("frame", rule.frame);
  if (rule.after_bytes != 0) out.number("after_bytes", rule.after_bytes);
  if (rule.after_messages != 0) out.number("after_messages", rule.after_messages);
  return out.object();
}

std::string status_json(const StatusReport& status) {
  std::vector<std::string> nodes;
  for (const auto& node : status.nodes) nodes.push_back(node_json(node));
  std::vector<std::string> pairs;
  for (const auto& pair : status.pairs) pairs.push_back(pair_json(pair));
  std::vector<std::string> notes;
  for (const auto& note : status.notes) notes.push_back(json_quoted(note));
  JsonText out;
  out.text("version", status.version).text("mode", status.mode);
  out.number("t0", status.t0).number("now", status.now).number("up", status.up);
  out.number("epoch", status.epoch);
  out.raw("nodes", json_array(nodes)).raw("pairs", json_array(pairs));
  if (status.has_filter && status.filter_error.empty()) {
    JsonText packets;
    packets.number("forwarded", status.packets.forwarded);
    packets.number("stopped", status.packets.stopped);
    packets.number("cut", sum(status.packets.cut));
    packets.number("unanswered", sum(status.packets.nosyn));
    packets.number("refused", sum(status.packets.refuse));
    out.raw("packets", packets.object());
  } else {
    out.null("packets");
  }
  std::vector<std::string> bypasses;
  for (const BypassLine& line : status.bypasses) bypasses.push_back(bypass_json(line));
  out.raw("bypasses", json_array(bypasses));
  return out.raw("notes", json_array(notes)).object();
}

std::string error_json(const Error& error) {
  JsonText inner;
  inner.text("code", error.id.empty() ? name_of(error.code) : error.id);
  if (!error.where.empty()) inner.text("field", error.where);
  inner.text("message", std::string_view(error.message).substr(0, kMessageMax));
  return JsonText().raw("error", inner.object()).object();
}

void add_to(Touched& sum, const Touched& more) {
  sum.connections += more.connections;
  sum.bytes += more.bytes;
  sum.packets += more.packets;
  sum.attempts += more.attempts;
  sum.messages += more.messages;
  sum.unframed += more.unframed;
  sum.held_ns += more.held_ns;
}

bool met_nothing(const RuleReport& rule) {
  const Touched& t = rule.touched;
  const bool idle = t.bytes == 0 && t.packets == 0 && t.attempts == 0;
  const bool waits = rule.kind == name_of(CutKind::drop) || rule.kind == name_of(CutKind::hold);
  return idle && (waits || t.connections == 0);
}

}  // namespace sunder::control
