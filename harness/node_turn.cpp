// See node_turn.hpp.
#include "harness/node_turn.hpp"

#include "base/config.hpp"
#include "harness/targets.hpp"
#include "harness/turn.hpp"

namespace sunder::harness {
namespace {

std::vector<std::string> unmet_of(NemesisContext& context, const NodeFault& fault,
                                  const std::vector<std::string>& nodes) {
  std::vector<std::string> out;
  for (const std::string& node : nodes) {
    if (fault.met && !fault.met(*context.cluster, node)) out.push_back(node);
  }
  return out;
}

}  // namespace

Status node_turn(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted,
                 const NodeFault& fault) {
  const auto targets = choose_targets(context, spec.targets);
  if (!targets) return skip_turn(context, targets.error());
  const std::string nodes =
      join_names(*targets) + (fault.detail.empty() ? "" : " (" + fault.detail + ")");
  Breakage breakage{*targets, nodes, fault.verb, fault.mended, {}, {}};
  std::vector<std::string> begun_at;
  const auto mend_all = [&]() -> Status {
    Status worst;
    for (const std::string& node : begun_at) {
      if (Status mended = fault.mend(*context.cluster, node); !mended.ok()) worst = mended;
    }
    return worst;
  };
  breakage.begin = [&](const std::string& name) -> Result<Begun> {
    Begun begun{name, context.now(), 0};
    for (const std::string& node : *targets) {
      begun_at.push_back(node);
      if (const Status done = fault.begin(*context.cluster, node); !done.ok()) {
        static_cast<void>(mend_all());
        return Error{done.error().code,
                     "node " + node + " can't be " + fault.verb + ": " + done.error().message};
      }
    }
    begun.in_force_at = context.now();
    // For people who read the event log; the results have it anyway.
    static_cast<void>(context.control->note(std::string(fault.verb) + " " + nodes,
                                            {{"fault", name}, {"kind", fault.kind}}));
    return begun;
  };
  breakage.mend = [&](const Begun& begun) -> Status {
    const std::vector<std::string> unmet = unmet_of(context, fault, *targets);
    const Status mended = mend_all();
    FaultRecord record;
    record.detail = fault.detail;
    record.vacuous = unmet.size() == targets->size();
    if (!unmet.empty()) {
      context.log->note("In " + begun.name + " no process of " + list_of(unmet) + " " +
                        fault.unmet + ".");
    }
    record.name = begun.name;
    record.kind = fault.kind;
    record.nodes = *targets;
    record.asked_at = begun.asked_at;
    record.in_force_at = begun.in_force_at;
    record.healed_at = context.now();
    context.log->broke(record);
    static_cast<void>(context.control->note(std::string(fault.mended) + " " + nodes,
                                            {{"fault", begun.name}, {"kind", fault.kind}}));
    return mended;
  };
  return run_turn(context, spec, wanted, breakage);
}

}  // namespace sunder::harness
