// The Switchboard's answers: the rules in force and the matrix of pairs. See switchboard.hpp.
#include <algorithm>
#include <map>

#include "control/stacking.hpp"
#include "control/switchboard_state.hpp"

namespace sunder::control {
namespace {

/// True if the cut acts on connections of `pair`: reset, close and refuse act on both directions.
bool acts_on(const HeldRule& held, PairId pair) {
  const auto has = [&](PairId wanted) {
    const auto& pairs = held.rule.pairs;
    return std::find(pairs.begin(), pairs.end(), wanted) != pairs.end();
  };
  if (has(pair)) return true;
  const bool whole =
      held.is_cut() && *held.rule.cut != CutKind::drop && *held.rule.cut != CutKind::hold;
  return whole && has({pair.to, pair.from});
}

/// Every pair of database nodes, and every other pair that had traffic or is under a rule.
std::map<PairId, proxy::PairStats> pairs_to_show(const Topology& topology,
                                                 const std::vector<HeldRule>& rules,
                                                 const proxy::ProxySnapshot& snapshot) {
  std::map<PairId, proxy::PairStats> out;
  const auto count = static_cast<NodeId>(topology.size());
  const auto server = [&](NodeId id) { return topology.at(id).role == NodeRole::server; };
  for (NodeId a = 0; a < count; ++a) {
    for (NodeId b = 0; b < count; ++b) {
      if (a != b && server(a) && server(b)) out[{a, b}] = {};
    }
  }
  for (const HeldRule& held : rules) {
    for (const PairId& pair : held.rule.pairs) out[pair];
  }
  for (const proxy::PairStats& stats : snapshot.pairs) out[stats.pair] = stats;
  const auto gone = [&](NodeId id) { return id < count && topology.at(id).role == NodeRole::gone; };
  for (auto it = out.begin(); it != out.end();) {
    it = gone(it->first.from) || gone(it->first.to) ? out.erase(it) : std::next(it);
  }
  return out;
}

}  // namespace

Result<std::vector<RuleInForce>> Switchboard::rules() {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  proxy::PacketCounters counters;
  if (s.options.filter != nullptr && s.packets != proxy::PacketRules{}) {
    auto read = s.options.filter->counters();
    if (!read) return read.error();
    counters = std::move(*read);
  }
  const auto touched = s.options.proxy->touched();
  std::vector<RuleInForce> out;
  for (const HeldRule& held : s.rules) {
    const auto found = touched.find(held.rule.id);
    RuleInForce line;
    line.report = s.report(held, found == touched.end() ? Touched{} : found->second, counters);
    line.is_cut = held.is_cut();
    line.params = held.rule.params;
    line.probability = held.rule.probability;
    line.ends_at = held.ends_at;
    line.lease = held.lease;
    line.flap_on = held.flap_on;
    line.flap_off = held.flap_off;
    line.off = held.off;
    line.frame = held.rule.frame;
    line.after_bytes = held.rule.after_bytes;
    line.after_messages = held.rule.after_messages;
    out.push_back(std::move(line));
  }
  return out;
}

StatusReport Switchboard::status() {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  StatusReport out;
  out.t0 = s.options.t0;
  out.epoch = s.epoch;
  out.mode = s.options.mode;
  out.version = s.options.version;
  const Topology& topology = *s.topology;
  for (std::size_t i = 0; i < topology.size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (topology.at(id).role == NodeRole::gone) continue;
    StatusReport::NodeLine line{topology.at(id), s.down.count(id) != 0, {}};
    if (s.options.processes != nullptr) {
      for (const pid_t pid : s.options.processes->pids(id)) line.pids.push_back(pid);
    }
    out.nodes.push_back(std::move(line));
  }
  const auto snapshot = s.options.proxy->snapshot();
  out.lag_by_loop = snapshot.lag_by_loop;
  for (const auto& [pair, stats] : pairs_to_show(topology, s.rules, snapshot)) {
    PairReport line;
    line.pair = topology.names(pair);
    line.stats = stats;
    for (const HeldRule& held : s.rules) {
      if (!acts_on(held, pair)) continue;
      RuleOnPair rule;
      rule.name = held.rule.name;
      rule.kind = held.kind;
      rule.is_cut = held.is_cut();
      rule.off = held.off;
      line.rules.push_back(std::move(rule));
      if (held.off) continue;
      if (held.is_cut()) {
        line.cuts.push_back({held.rule.name, *held.rule.cut, held.in_force_at});
      } else {
        line.faults.push_back(held.rule.name);
      }
    }
    Stacked stacked = stack_up(std::move(line.rules));
    line.rules = std::move(stacked.rules);
    line.established = std::move(stacked.established);
    line.opening = std::move(stacked.opening);
    out.pairs.push_back(std::move(line));
  }
  out.has_filter = s.options.filter != nullptr;
  if (out.has_filter) {
    auto counters = s.options.filter->counters();
    if (counters) {
      out.packets = std::move(*counters);
    } else {
      out.filter_error = counters.error().text();
      out.notes.push_back("the packet counters can't be read: " + out.filter_error);
    }
    out.notes.emplace_back(
        "UDP and ICMP between nodes are forwarded and counted, and obey drop; they are not delayed "
        "or held");
    out.notes.emplace_back(
        "for a command on the host (the node `client`) drop and hold on its pairs mean: accepted, "
        "then silence");
  } else {
    out.notes.push_back("drop can't be done here: " + s.options.no_filter_reason);
  }
  s.add_bypass_notes(out);
  out.now = s.now();
  out.up = s.options.clock->now() - s.made_at;
  return out;
}

}  // namespace sunder::control
