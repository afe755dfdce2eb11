// The Switchboard's rules with a life of their own: leases that somebody holds open, and cuts that flap.
//
// API connection → open_lease, tie, close_lease → rules removed when the holder is gone. Lease thread → flip_due → a
// flapping cut goes out of force and back, with an event each time; what it met adds up over its times in force.
// Thread: any; the state's lock. See switchboard.hpp. Tested by tests/control/lease_test.cpp.
#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "control/limits.hpp"
#include "control/reports.hpp"
#include "control/switchboard_state.hpp"

namespace sunder::control {

Status Switchboard::State::check_lease(const std::string& lease) const {
  if (lease.empty() || leases.count(lease) != 0) return {};
  return Error{ErrorCode::not_found,
               "nobody holds a lease \"" + lease + "\" open; see POST /v1/leases", "lease",
               "unknown_lease"};
}

Result<std::string> Switchboard::open_lease() {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  if (s.closed) {
    return Error{ErrorCode::unavailable, "this run is ending and takes no more commands"};
  }
  if (s.leases.size() >= kLeasesMax) {
    return Error{ErrorCode::unavailable,
                 "there are " + std::to_string(kLeasesMax) +
                     " leases held open already; close one, or give your rules a time",
                 "", "too_many_leases"};
  }
  const std::string name = "l" + std::to_string(++s.last_lease);
  s.leases.insert(name);
  return name;
}

Result<Applied> Switchboard::close_lease(const std::string& lease) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  s.leases.erase(lease);
  // What can't be removed now runs out at once, so that the lease thread tries again.
  for (HeldRule& held : s.rules) {
    if (held.lease == lease) held.ends_at = asked_at;
  }
  auto healed =
      s.remove([&](const HeldRule& held) { return held.lease == lease; }, asked_at, "lease");
  s.wake.notify_all();
  return healed;
}

Status Switchboard::tie(const std::string& rule, const std::string& lease) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  SUNDER_TRY(s.check_lease(lease));
  for (HeldRule& held : s.rules) {
    if (held.rule.name != rule) continue;
    held.lease = lease;
    return {};
  }
  return Error{ErrorCode::not_found, "there is no rule \"" + rule + "\" in force", "name",
               "unknown_name"};
}

Status Switchboard::State::flip(std::size_t index) {
  auto next = rules;
  HeldRule& held = next[index];
  const bool on = held.off;
  held.off = !on;
  if (on) held.rule.id = last_id + 1;  // an id is never used again
  const proxy::PacketRules packets_next = wanted(next);
  if (options.filter != nullptr) {
    auto counters = options.filter->counters();
    if (!counters) return counters.error();
    if (on) {
      held.since = std::move(*counters);
    } else {
      const PacketTouch met = touched_by(held.packets, *counters, held.since);
      held.past.packets += met.packets;
      held.past.attempts += met.attempts;
    }
    if (packets_next != packets) SUNDER_TRY(options.filter->apply(packets_next));
  }
  const auto outcome = options.proxy->apply(fault_set(epoch + 1, next));
  epoch += 1;
  if (on) {
    last_id += 1;
  } else if (const auto met = outcome.removed.find(held.rule.id); met != outcome.removed.end()) {
    add_to(held.past, met->second);
  }
  const Nanos at = outcome.in_force_at - options.t0;
  held.flips_at = at + (on ? held.flap_on : held.flap_off);
  packets = packets_next;
  rules = std::move(next);
  const HeldRule& now_held = rules[index];
  JsonText fields;
  fields.text("name", now_held.rule.name).text("kind", now_held.kind);
  fields.pairs("pairs", names(now_held.rule.pairs)).boolean("on", on);
  fields.number("in_force_at", at).number("epoch", epoch);
  options.events->append(at, "flap", fields);
  return {};
}

Nanos Switchboard::State::flip_due(Nanos moment) {
  Nanos first = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].flips_at == 0 || closed) continue;
    if (rules[i].flips_at <= moment) {
      if (const Status flipped = flip(i); !flipped) {
        log_error("a flapping cut can't be switched, trying again: " + flipped.error().text());
        rules[i].flips_at = moment + kSecond;
      }
    }
    if (first == 0 || rules[i].flips_at < first) first = rules[i].flips_at;
  }
  return first;
}

}  // namespace sunder::control
