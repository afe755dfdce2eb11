// AcceptGates: see accept_gates.hpp. Tested by tests/proxy/hold_test.cpp.
#include "proxy/accept_gates.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace sunder::proxy {
namespace {

std::vector<RuleId> holds_between(PairId pair, const InForce& in_force) {
  std::vector<RuleId> out;
  for (const PairId way : {pair, PairId{pair.to, pair.from}}) {
    const PairRules* rules = in_force.of(way);
    if (rules == nullptr) continue;
    for (const Rule* rule : rules->holds) {
      if (std::find(out.begin(), out.end(), rule->id) == out.end()) out.push_back(rule->id);
    }
  }
  return out;
}

Error shared_listener() {
  return {ErrorCode::unsupported,
          "hold can't be done here: new connections of this pair come in at a listener that serves "
          "every source; give the pair a listener of its own, or take reset, close or refuse",
          "kind", "hold_unsupported"};
}

}  // namespace

void AcceptGates::add(const ListenerRole& role, const InForce& in_force) {
  Entry entry;
  entry.pair = {role.source, role.destination};
  // The packet filter rules over the new connections of a tproxy listener.
  entry.own = role.kind == ListenerSpec::Kind::endpoint && !role.shared();
  entry.gate = role.gate;
  if (entry.own) entry.holds = holds_between(entry.pair, in_force);
  if (!entry.holds.empty()) entry.gate->pause();
  entries_[role.id] = std::move(entry);
  shut();
}

void AcceptGates::close(ListenerId id, bool end_connections) noexcept {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  count(found->second);
  found->second.gate->close(end_connections);
  entries_.erase(found);
}

void AcceptGates::close_all() noexcept {
  while (!entries_.empty()) close(entries_.begin()->first, true);
}

Status AcceptGates::can_hold(PairId pair) const {
  const auto meets = [&](const auto& item) {
    const Entry& entry = item.second;
    return !entry.own && entry.pair.from == kUnknownNode && entry.pair.to != kUnknownNode &&
           (entry.pair.to == pair.to || entry.pair.to == pair.from);
  };
  if (std::any_of(entries_.begin(), entries_.end(), meets)) return shared_listener();
  return {};
}

Status AcceptGates::can_listen(ListenerSpec::Kind kind, PairId pair,
                               const InForce& in_force) const {
  if (kind == ListenerSpec::Kind::tproxy || pair.from != kUnknownNode) return {};
  for (const Rule& rule : in_force.set().rules) {
    if (rule.cut != CutKind::hold) continue;
    const auto meets = [&](PairId held) { return held.to == pair.to || held.from == pair.to; };
    if (!std::any_of(rule.pairs.begin(), rule.pairs.end(), meets)) continue;
    return Error{ErrorCode::unsupported,
                 "a listener for every source can't lead to a node that is under a hold; heal \"" +
                     rule.name + "\" first",
                 "", "hold_unsupported"};
  }
  return {};
}

void AcceptGates::prepare(const InForce& next, std::map<RuleId, Touched>& removed) {
  for (auto& item : entries_) {
    Entry& entry = item.second;
    if (!entry.own) continue;
    count(entry);
    entry.holds = holds_between(entry.pair, next);
    if (!entry.holds.empty()) {
      if (entry.can_shut) entry.gate->pause();
    } else if (entry.gate->paused()) {
      if (auto opened = entry.gate->open(); !opened) log_error(opened.error().text());
    }
  }
  for (auto it = unanswered_.begin(); it != unanswered_.end();) {
    if (next.has(it->first)) {
      ++it;
      continue;
    }
    removed[it->first].attempts += it->second;
    it = unanswered_.erase(it);
  }
}

AcceptGates::Shut AcceptGates::shut() {
  Shut out;
  for (auto& item : entries_) {
    Entry& entry = item.second;
    if (!entry.gate->paused() || entry.gate->is_shut()) continue;
    out.any = true;
    const Status done = entry.gate->shut();
    if (done.ok()) continue;
    out.failed = true;
    // Elsewhere than here it never will be; otherwise the next command tries again.
    if (done.error().code == ErrorCode::unsupported) {
      entry.can_shut = false;
    } else {
      log_warn("new connections under a hold are accepted, and then wait: " + done.error().text());
    }
    if (auto opened = entry.gate->open(); !opened) log_error(opened.error().text());
  }
  return out;
}

void AcceptGates::add_touched(std::map<RuleId, Touched>& sums) {
  for (auto& item : entries_) count(item.second);
  for (const auto& [id, attempts] : unanswered_) sums[id].attempts += attempts;
}

void AcceptGates::count(Entry& entry) {
  const std::uint64_t attempts = entry.gate->unanswered();
  if (attempts == 0) return;
  for (const RuleId id : entry.holds) unanswered_[id] += attempts;
}

}  // namespace sunder::proxy
