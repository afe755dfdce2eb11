// The Switchboard's hand: puts a changed list of rules in force, accounts for what ended, and heals what ran out.
//
// list of rules → packet plan → PacketFilter::apply → FaultSet → Proxy::apply → events. See switchboard.hpp.
// Thread: the caller holds State::mutex.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.hpp"
#include "control/reports.hpp"
#include "control/switchboard_state.hpp"

namespace sunder::control {
namespace {

/// True if `rule` has an element that is in force already: its counter does not start at zero.
bool shares(const proxy::PacketRules& rule, const proxy::PacketRules& in_force) {
  const auto meet = [](const auto& a, const auto& b) {
    return std::any_of(a.begin(), a.end(), [&b](const auto& x) { return b.count(x) != 0; });
  };
  return meet(rule.cut, in_force.cut) || meet(rule.nosyn, in_force.nosyn) ||
         meet(rule.refuse, in_force.refuse) ||
         std::any_of(rule.loss.begin(), rule.loss.end(),
                     [&](const auto& x) { return in_force.loss.count(x.first) != 0; });
}

JsonText event_fields(const RuleReport& rule, std::uint64_t epoch) {
  JsonText out;
  out.text("name", rule.name).text("kind", rule.kind).pairs("pairs", rule.pairs);
  out.number("asked_at", rule.asked_at).number("in_force_at", rule.in_force_at);
  out.number("epoch", epoch);
  return out;
}

}  // namespace

proxy::FaultSetPtr Switchboard::State::fault_set(std::uint64_t next_epoch,
                                                 const std::vector<HeldRule>& all) const {
  auto set = std::make_shared<proxy::FaultSet>();
  set->epoch = next_epoch;
  set->topology = topology;
  set->rules.reserve(all.size());
  for (const HeldRule& held : all) {
    if (!held.off) set->rules.push_back(held.rule);
  }
  return set;
}

proxy::PacketRules Switchboard::State::wanted(const std::vector<HeldRule>& all) const {
  proxy::PacketRules out;
  for (const HeldRule& held : all) {
    if (!held.off) merge_into(out, held.packets);
  }
  for (const NodeId node : down) {
    if (topology->at(node).ip != 0) out.down.insert(topology->at(node).ip);
  }
  return out;
}

RuleReport Switchboard::State::report(const HeldRule& held, const Touched& touched,
                                      const proxy::PacketCounters& counters) const {
  RuleReport out;
  out.name = held.rule.name;
  out.kind = held.kind;
  out.pairs = names(held.rule.pairs);
  out.asked_at = held.asked_at;
  out.in_force_at = held.in_force_at;
  out.touched = held.past;
  if (held.off) return out;
  const PacketTouch more = touched_by(held.packets, counters, held.since);
  add_to(out.touched, touched);
  out.touched.packets += more.packets;
  out.touched.attempts += more.attempts;
  return out;
}

Result<Applied> Switchboard::State::add(HeldRule held, const char* event, const JsonText& extra) {
  held.rule.id = last_id + 1;
  auto next = rules;
  next.push_back(held);
  const proxy::PacketRules packets_next = wanted(next);
  if (options.filter != nullptr && shares(held.packets, packets)) {
    auto counters = options.filter->counters();
    if (!counters) return counters.error();
    next.back().since = std::move(*counters);
  }
  if (options.filter != nullptr && packets_next != packets) {
    SUNDER_TRY(options.filter->apply(packets_next));
  }
  const auto outcome = options.proxy->apply(fault_set(epoch + 1, next));
  last_id += 1;
  epoch += 1;
  packets = packets_next;
  rules = std::move(next);
  HeldRule& added = rules.back();
  added.in_force_at = outcome.in_force_at - options.t0;
  // A lease counts from the moment the rule is in force.
  if (added.ends_at != 0) added.ends_at += added.in_force_at;
  if (added.flap_on != 0) added.flips_at = added.in_force_at + added.flap_on;
  wake.notify_all();

  const RuleReport line = report(added, {}, {});
  options.events->append(added.in_force_at, event,
                         JsonText::joined(event_fields(line, epoch), extra));
  Applied answer;
  answer.epoch = epoch;
  answer.name = line.name;
  answer.asked_at = line.asked_at;
  answer.in_force_at = line.in_force_at;
  answer.loops_took = outcome.loops_took;
  answer.pairs = line.pairs;
  return answer;
}

Result<Applied> Switchboard::State::remove(const std::function<bool(const HeldRule&)>& gone,
                                           Nanos asked_at, const char* why) {
  std::vector<HeldRule> ended;
  std::vector<HeldRule> next;
  for (const HeldRule& held : rules) (gone(held) ? ended : next).push_back(held);
  Applied answer;
  answer.epoch = epoch;
  answer.asked_at = asked_at;
  answer.in_force_at = now();
  if (ended.empty()) return answer;

  const proxy::PacketRules packets_next = wanted(next);
  proxy::PacketCounters counters;
  bool counted = true;
  if (options.filter != nullptr && packets != proxy::PacketRules{}) {
    // Healing comes before bookkeeping: counters that can't be read do not keep a cut in force.
    auto read = options.filter->counters();
    counted = read.ok();
    if (counted) {
      counters = std::move(*read);
    } else {
      log_error("what the ended cuts touched is not known: " + read.error().text());
    }
    if (packets_next != packets) SUNDER_TRY(options.filter->apply(packets_next));
  }
  const auto outcome = options.proxy->apply(fault_set(epoch + 1, next));
  epoch += 1;
  packets = packets_next;
  rules = std::move(next);
  wake.notify_all();

  answer.epoch = epoch;
  answer.in_force_at = outcome.in_force_at - options.t0;
  answer.loops_took = outcome.loops_took;
  for (const HeldRule& held : ended) {
    const auto found = outcome.removed.find(held.rule.id);
    const Touched by_proxy = found == outcome.removed.end() ? Touched{} : found->second;
    RuleReport line = report(held, by_proxy, counters);
    line.healed_at = answer.in_force_at;
    line.vacuous = counted && met_nothing(line);
    JsonText fields;
    fields.text("name", line.name).text("kind", line.kind).pairs("pairs", line.pairs);
    fields.number("asked_at", asked_at).number("in_force_at", answer.in_force_at);
    fields.number("epoch", epoch).raw("touched", touched_json(line.touched));
    fields.boolean("vacuous", line.vacuous).text("why", why);
    options.events->append(answer.in_force_at, "heal", fields);
    answer.removed.push_back(std::move(line));
  }
  return answer;
}

/// Heals what has run out by `moment`. RETURNS when to look again; 0: nothing waits.
Nanos Switchboard::State::heal_expired(Nanos moment) {
  const auto over = [&](const HeldRule& held) {
    return held.ends_at != 0 && held.ends_at <= moment;
  };
  Nanos first = 0;
  for (const bool cuts : {true, false}) {
    const auto mine = [&](const HeldRule& held) { return over(held) && held.is_cut() == cuts; };
    const auto found = std::find_if(rules.begin(), rules.end(), mine);
    if (found == rules.end()) continue;
    const auto healed = remove(mine, found->ends_at, cuts ? "lease" : "duration");
    if (!healed) {
      log_error("a lease has run out and can't be healed, trying again: " + healed.error().text());
      return moment + kSecond;
    }
  }
  for (const HeldRule& held : rules) {
    if (held.ends_at != 0 && (first == 0 || held.ends_at < first)) first = held.ends_at;
  }
  return first;
}

void Switchboard::State::lease_loop() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    Nanos next = heal_expired(now());
    const Nanos flip = flip_due(now());
    if (next == 0 || (flip != 0 && flip < next)) next = flip;
    if (next == 0) {
      wake.wait(lock);
    } else {
      wake.wait_for(lock, std::chrono::nanoseconds(std::max<Nanos>(next - now(), 0)));
    }
  }
}

}  // namespace sunder::control
