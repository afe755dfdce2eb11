// The Switchboard's commands on faults: added, changed in place, removed. See switchboard.hpp.
//
// A changed fault keeps its RuleId and gets a higher revision, so that the loops update its live instances instead of
// making new ones: dice, positions and counters stay. Tested by tests/control/switchboard_test.cpp.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "control/fault_kinds.hpp"
#include "control/shapes.hpp"
#include "control/switchboard_state.hpp"
#include "proxy/fault.hpp"
#include "proxy/registry.hpp"

namespace sunder::control {
namespace {

std::string params_json(const std::map<std::string, std::string>& params) {
  JsonText out;
  for (const auto& [key, value] : params) out.text(key, value);
  return out.object();
}

Status check_common(const FaultSpec& fault) {
  if (!(fault.probability >= 0.0 && fault.probability <= 1.0)) {
    return bad_field("bad_probability", "probability", "a probability lies between 0 and 1");
  }
  if (fault.duration < 0)
    return bad_field("bad_duration", "duration", "a duration can't be negative");
  return {};
}

/// What a rule of this kind asks of the packet filter: nothing, but for `loss`.
Result<proxy::PacketRules> packets_of(const SwitchboardOptions& options, const Topology& topology,
                                      const proxy::FaultKind& kind, const FaultSpec& fault,
                                      const std::vector<PairId>& pairs) {
  if (!kind.packet_level) return proxy::PacketRules{};
  const std::string name(kind.name);
  if (options.filter == nullptr) {
    return Error{ErrorCode::unsupported, name + " can't be done here: " + options.no_filter_reason,
                 "kind", "loss_unsupported"};
  }
  if (const auto node = without_address(topology, pairs)) {
    return Error{ErrorCode::unsupported,
                 name + " needs an address of its own for \"" + *node + "\"", "pairs",
                 "loss_unsupported"};
  }
  if (fault.probability != 1.0) {
    return bad_field("bad_probability", "probability",
                     name + " acts on packets and not on connections; give its ratio alone");
  }
  const auto values = proxy::parse_params(kind, fault.params);
  if (!values) return values.error();
  return rules_of_loss(topology, pairs, values->ratio("ratio"));
}

Error no_such_fault(const HeldRule* held, const std::string& name) {
  return {ErrorCode::not_found,
          held == nullptr ? "there is no fault \"" + name + "\" in force"
                          : "\"" + name + "\" is a cut, not a fault; heal it",
          "name", held == nullptr ? "unknown_name" : "not_a_fault"};
}

}  // namespace

Result<Applied> Switchboard::add_fault(const FaultSpec& fault, NameRule name_rule) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const auto kind = check_fault(fault);
  if (!kind) return kind.error();
  SUNDER_TRY(check_common(fault));
  const std::lock_guard lock(s.mutex);
  auto pairs = pairs_of_names(*s.topology, fault.pairs);
  if (!pairs) return pairs.error();
  auto packets = packets_of(s.options, *s.topology, **kind, fault, *pairs);
  if (!packets) return packets.error();
  SUNDER_TRY(s.ready_for_more());
  HeldRule held;
  held.packets = std::move(*packets);
  if (name_rule == NameRule::internal && s.find(fault.name) == nullptr) {
    held.rule.name = fault.name;
  } else {
    auto name = s.take_name(fault.name, false);
    if (!name) return name.error();
    held.rule.name = std::move(*name);
  }
  held.rule.kind = *kind;
  held.rule.params = fault.params;
  held.rule.probability = fault.probability;
  held.rule.pairs = std::move(*pairs);
  held.rule.frame = fault.frame;
  held.rule.after_bytes = fault.after_bytes;
  held.rule.after_messages = fault.after_messages;
  held.kind = fault.kind;
  held.asked_at = asked_at;
  held.ends_at = fault.duration;
  JsonText extra;
  extra.raw("params", params_json(fault.params)).real("probability", fault.probability);
  if (fault.duration != 0) extra.number("duration", fault.duration);
  if (!fault.frame.empty()) extra.text("frame", fault.frame);
  if (fault.after_bytes != 0) extra.number("after_bytes", fault.after_bytes);
  if (fault.after_messages != 0) extra.number("after_messages", fault.after_messages);
  return s.add(std::move(held), "fault", extra);
}

Result<Applied> Switchboard::update_fault(const std::string& name,
                                          const std::map<std::string, std::string>& params,
                                          std::optional<double> probability) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  if (s.closed) {
    return Error{ErrorCode::unavailable, "this run is ending and takes no more commands"};
  }
  const auto found = std::find_if(s.rules.begin(), s.rules.end(),
                                  [&](const HeldRule& held) { return held.rule.name == name; });
  if (found == s.rules.end() || found->is_cut()) {
    return no_such_fault(found == s.rules.end() ? nullptr : &*found, name);
  }
  FaultSpec wanted;
  wanted.kind = found->kind;
  wanted.params = found->rule.params;
  for (const auto& [key, value] : params) wanted.params[key] = value;
  wanted.probability = probability.value_or(found->rule.probability);
  wanted.frame = found->rule.frame;
  wanted.after_bytes = found->rule.after_bytes;
  wanted.after_messages = found->rule.after_messages;
  if (const auto kind = check_fault(wanted); !kind) return kind.error();
  SUNDER_TRY(check_common(wanted));
  auto changed = packets_of(s.options, *s.topology, *found->rule.kind, wanted, found->rule.pairs);
  if (!changed) return changed.error();
  if (*changed != found->packets) {
    auto next = s.rules;
    next[static_cast<std::size_t>(found - s.rules.begin())].packets = *changed;
    const auto packets_next = s.wanted(next);
    SUNDER_TRY(s.options.filter->apply(packets_next));
    s.packets = packets_next;
    found->packets = std::move(*changed);
  }
  found->rule.params = wanted.params;
  found->rule.probability = wanted.probability;
  found->rule.revision += 1;
  const auto outcome = s.options.proxy->apply(s.fault_set(s.epoch + 1, s.rules));
  s.epoch += 1;

  Applied answer;
  answer.epoch = s.epoch;
  answer.name = name;
  answer.asked_at = asked_at;
  answer.in_force_at = outcome.in_force_at - s.options.t0;
  answer.pairs = s.names(found->rule.pairs);
  JsonText fields;
  fields.text("name", name).text("kind", found->kind).pairs("pairs", answer.pairs);
  fields.number("asked_at", asked_at).number("in_force_at", answer.in_force_at);
  fields.number("epoch", s.epoch).raw("params", params_json(wanted.params));
  fields.real("probability", wanted.probability);
  s.options.events->append(answer.in_force_at, "update", fields);
  return answer;
}

Result<Applied> Switchboard::remove_fault(const std::string& name) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  const HeldRule* held = s.find(name);
  if (held == nullptr || held->is_cut()) return no_such_fault(held, name);
  return s.remove([&](const HeldRule& other) { return other.rule.name == name; }, asked_at,
                  "asked");
}

Result<Applied> Switchboard::remove_internal(const std::string& prefix) {
  State& s = *state_;
  SUNDER_ASSERT(prefix.find(':') != std::string::npos);
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  return s.remove([&](const HeldRule& held) { return held.rule.name.rfind(prefix, 0) == 0; },
                  asked_at, "asked");
}

bool Switchboard::has_fault(const std::string& name) const {
  const std::lock_guard lock(state_->mutex);
  const HeldRule* held = state_->find(name);
  return held != nullptr && !held->is_cut();
}

}  // namespace sunder::control
