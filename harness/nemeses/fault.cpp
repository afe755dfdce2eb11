// Nemesis "fault": any fault of the proxy but a cut, on the links between the targets and all others, or on pairs.
//
// `fault` and `params` are those of `sunder ctl fault add`; they are checked before anything starts.
// Thread: the nemesis thread. Tested by tests/cluster/nemesis_test.py.
#include "harness/targets.hpp"
#include "harness/turn.hpp"

namespace sunder::harness {

extern const Nemesis fault_nemesis;

namespace {

std::vector<Pair> links_of(const std::vector<std::string>& nodes,
                           const std::vector<std::string>& targets) {
  const auto rest = others_of(nodes, targets);
  std::vector<Pair> pairs;
  for (const std::string& target : targets) {
    for (const std::string& other : rest.empty() ? nodes : rest) {
      if (other == target) continue;
      pairs.push_back({target, other});
      if (!rest.empty()) pairs.push_back({other, target});
    }
  }
  return pairs;
}

Status turn_fault(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted) {
  FaultSpec fault;
  fault.kind = spec.fault;
  fault.params = spec.params;
  fault.pairs = spec.pairs;
  std::vector<std::string> targets;
  if (spec.pairs.empty()) {
    auto chosen = choose_targets(context, spec.targets);
    if (!chosen) return skip_turn(context, chosen.error());
    targets = std::move(*chosen);
    fault.pairs = links_of(names_of(*context.cluster), targets);
  } else {
    for (const Pair& pair : spec.pairs) targets.push_back(pair.from + ":" + pair.to);
  }
  std::string text = spec.fault + " at " + join_names(targets);
  for (const auto& [key, value] : spec.params) {
    text += " " + key;
    text += "=" + value;
  }
  Breakage breakage{targets, text, "fault", "removed", {}, {}};
  breakage.begin = [&](const std::string& name) -> Result<Begun> {
    fault.name = name;
    const auto applied = context.control->add_fault(fault);
    if (!applied) return applied.error();
    return Begun{name, applied->asked_at, applied->in_force_at};
  };
  breakage.mend = [&](const Begun& begun) -> Status {
    auto removed = context.control->remove_fault(begun.name);
    if (removed) context.log->removed(removed->removed);
    // Somebody else was quicker; anything else: all faults at once, which is tried again.
    if (removed || removed.error().code == ErrorCode::not_found) return {};
    return heal_surely(*context.control, {}, context.log);
  };
  return run_turn(context, spec, wanted, breakage);
}

}  // namespace

const Nemesis fault_nemesis{
    "fault", "a delay, loss or any other fault of the proxy, on the links of nodes", turn_fault};

}  // namespace sunder::harness
