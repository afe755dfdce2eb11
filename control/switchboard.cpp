// The Switchboard's commands: checked wholly here, put in force by switchboard_apply.cpp. See switchboard.hpp.
#include "control/switchboard.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "control/limits.hpp"
#include "control/partition_shapes.hpp"
#include "control/quiet_thread.hpp"
#include "control/shapes.hpp"
#include "control/switchboard_state.hpp"

namespace sunder::control {
namespace {

Result<std::vector<PairId>> pairs_of(const Topology& topology, const PartitionRequest& request) {
  if (!request.shape.shape.empty()) {
    if (!request.groups.empty() || !request.pairs.empty() || request.one_way) {
      return bad_field(
          "shape_and_more", "shape",
          "a shape makes the groups and pairs itself; leave groups, pairs and one_way out");
    }
    auto plan = plan_shape(topology, request.shape);
    if (!plan) return plan.error();
    return std::move(plan->pairs);
  }
  if (!request.groups.empty() && !request.pairs.empty()) {
    return bad_field("groups_and_pairs", "pairs", "give groups or pairs, not both");
  }
  if (request.pairs.empty()) return pairs_of_groups(topology, request.groups, request.one_way);
  if (request.one_way) {
    return bad_field(
        "one_way_of_pairs", "one_way",
        "pairs are directed already; leave one_way out, and name each direction you mean");
  }
  return pairs_of_names(topology, request.pairs);
}

/// `drop` needs a packet filter, and addresses by which it knows the nodes.
Status can_drop(const SwitchboardOptions& options, const Topology& topology,
                const std::vector<PairId>& pairs) {
  if (options.filter == nullptr) {
    return Error{ErrorCode::unsupported,
                 "drop can't be done here: " + options.no_filter_reason +
                     "; hold, reset, close and refuse can",
                 "kind", "drop_unsupported"};
  }
  if (const auto node = without_address(topology, pairs)) {
    return Error{ErrorCode::unsupported,
                 "drop needs an address of its own for \"" + *node +
                     "\"; hold, reset, close and refuse do not",
                 "kind", "drop_unsupported"};
  }
  return {};
}

/// `hold` needs a way to leave the new connections of just these pairs unanswered.
Status can_hold(proxy::Proxy& proxy, const Topology& topology, const std::vector<PairId>& pairs) {
  for (const PairId& id : pairs) {
    Status can = proxy.can_hold(id);
    if (can) continue;
    const Pair pair = topology.names(id);
    Error error = can.error();
    error.message = pair.from + ":" + pair.to + ": " + error.message;
    return error;
  }
  return {};
}

/// A cut that flaps stays long enough in each state for somebody to notice.
Status check_flap(const PartitionRequest& request) {
  if (request.flap_on == 0 && request.flap_off == 0) return {};
  if (request.flap_on < kFlapMin || request.flap_off < kFlapMin) {
    return bad_field("bad_flap", "flap",
                     "a flapping cut stays on and off for at least 100 ms each, as in 2s/1s");
  }
  return {};
}

}  // namespace

std::vector<Pair> Switchboard::State::names(const std::vector<PairId>& pairs) const {
  std::vector<Pair> out;
  out.reserve(pairs.size());
  for (const PairId& pair : pairs) out.push_back(topology->names(pair));
  return out;
}

const HeldRule* Switchboard::State::find(const std::string& name) const {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const HeldRule& held) { return held.rule.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

Result<std::string> Switchboard::State::take_name(const std::string& asked, bool cut) {
  if (asked.empty()) {
    std::uint64_t& last = cut ? last_cut : last_fault;
    std::string name;
    do {
      name = (cut ? "p" : "f") + std::to_string(++last);
    } while (find(name) != nullptr);
    return name;
  }
  if (!valid_name(asked)) {
    return bad_field("bad_name", "name",
                     "\"" + asked +
                         "\" is no name; take small letters, digits and hyphens, first a "
                         "letter, at most 31");
  }
  if (find(asked) != nullptr) {
    return Error{ErrorCode::exists,
                 "the name \"" + asked + "\" is in use; heal it first or take another", "name",
                 "name_taken"};
  }
  return asked;
}

Status Switchboard::State::ready_for_more() const {
  if (closed) return Error{ErrorCode::unavailable, "this run is ending and takes no more commands"};
  if (rules.size() >= kRulesMax) {
    return Error{
        ErrorCode::invalid,
        "there are " + std::to_string(kRulesMax) + " cuts and faults already; heal some first", "",
        "too_many_rules"};
  }
  return {};
}

Switchboard::Switchboard(SwitchboardOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
  SUNDER_ASSERT(state_->options.proxy != nullptr && state_->options.events != nullptr);
  state_->lease_thread = quiet_thread([state = state_.get()] { state->lease_loop(); });
  if (state_->options.processes != nullptr) {
    state_->bypass_thread = quiet_thread([state = state_.get()] { state->bypass_loop(); });
  }
}

Switchboard::~Switchboard() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->bypass_wake.notify_all();
  state_->lease_thread.join();
  if (state_->bypass_thread.joinable()) state_->bypass_thread.join();
}

std::shared_ptr<const Topology> Switchboard::topology() const {
  const std::lock_guard lock(state_->mutex);
  return state_->topology;
}
EventLog& Switchboard::events() const {
  return *state_->options.events;
}
Nanos Switchboard::now() const {
  return state_->now();
}

Result<Applied> Switchboard::partition(const PartitionRequest& request) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  const Topology& topology = *s.topology;
  auto pairs = pairs_of(topology, request);
  if (!pairs) return pairs.error();
  if (request.lease < 0) return bad_field("bad_lease", "lease", "a lease can't be negative");
  SUNDER_TRY(check_flap(request));
  if (request.kind == CutKind::drop) SUNDER_TRY(can_drop(s.options, topology, *pairs));
  if (request.kind == CutKind::hold) SUNDER_TRY(can_hold(*s.options.proxy, topology, *pairs));
  SUNDER_TRY(s.check_lease(request.lease_name));
  SUNDER_TRY(s.ready_for_more());
  auto name = s.take_name(request.name, true);
  if (!name) return name.error();
  HeldRule held;
  held.rule.name = std::move(*name);
  held.rule.cut = request.kind;
  held.rule.pairs = std::move(*pairs);
  held.kind = name_of(request.kind);
  held.packets = rules_of_cut(topology, {request.kind, held.rule.pairs});
  held.asked_at = asked_at;
  held.ends_at = request.lease;
  held.lease = request.lease_name;
  held.flap_on = request.flap_on;
  held.flap_off = request.flap_off;
  JsonText extra;
  if (!request.shape.shape.empty()) {
    extra.text("shape", request.shape.shape).number("seed", request.shape.seed);
  }
  if (request.flap_on != 0) {
    extra.number("flap_on", request.flap_on).number("flap_off", request.flap_off);
  }
  if (request.lease != 0) extra.number("lease", request.lease);
  return s.add(std::move(held), "partition", extra);
}

Result<Applied> Switchboard::heal(const std::vector<std::string>& names, bool all) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  if (all && !names.empty()) {
    return bad_field("names_and_all", "all", "give names or all, not both");
  }
  const std::lock_guard lock(s.mutex);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string field = "names[" + std::to_string(i) + "]";
    const HeldRule* held = s.find(names[i]);
    if (held == nullptr) {
      return Error{ErrorCode::not_found, "there is no cut \"" + names[i] + "\" in force", field,
                   "unknown_name"};
    }
    if (!held->is_cut()) {
      return bad_field("not_a_cut", field,
                       "\"" + names[i] + "\" is a fault, not a cut; remove it as a fault");
    }
  }
  const auto gone = [&](const HeldRule& held) {
    if (!names.empty()) {
      return std::find(names.begin(), names.end(), held.rule.name) != names.end();
    }
    return all || held.is_cut();
  };
  return s.remove(gone, asked_at, "asked");
}

Result<Applied> Switchboard::shutdown() {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  s.closed = true;
  return s.remove([](const HeldRule&) { return true; }, asked_at, "shutdown");
}

}  // namespace sunder::control
