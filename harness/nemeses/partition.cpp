// Nemesis "partition": cuts nodes off from the others for a while, again and again; by targets, pairs or a shape.
//
// By default the target is the leader of the moment, isolated in one command. Of several targets each side keeps its own
// company; with targets = "all" every node is alone. `shape` names one of the shapes of `sunder ctl partition` instead,
// which draws by the turn's dice. Clients are not touched: each still reaches its own node, which is what makes the sides
// of a partition visible.
// Thread: the nemesis thread. Tested by tests/harness/runner_test.cpp, tests/cluster/nemesis_test.py.
#include "harness/targets.hpp"
#include "harness/turn.hpp"

namespace sunder::harness {

extern const Nemesis partition_nemesis;

namespace {

// What to cut, and its words.
struct Aim {
  control::PartitionRequest request;
  std::vector<std::string> nodes;
  std::string text;  // "n1 | n2,n3"
};

void aim_at_nodes(NemesisContext& context, std::vector<std::string> targets, Aim* aim) {
  const auto rest = others_of(names_of(*context.cluster), targets);
  aim->nodes = targets;
  if (rest.empty()) {
    for (std::string& node : targets) aim->request.groups.push_back({std::move(node)});
  } else {
    aim->request.groups = {std::move(targets), rest};
  }
  for (const auto& group : aim->request.groups) {
    aim->text += (aim->text.empty() ? "" : " | ") + join_names(group);
  }
}

Result<Aim> take_aim(NemesisContext& context, const NemesisSpec& spec) {
  Aim aim;
  aim.request.kind = spec.kind;
  aim.request.flap_on = aim.request.flap_off = spec.flap;
  if (!spec.pairs.empty()) {
    aim.request.pairs = spec.pairs;
    for (const Pair& pair : spec.pairs) aim.nodes.push_back(pair.from + ":" + pair.to);
    aim.text = join_names(aim.nodes);
  } else if (!spec.shape.empty()) {
    aim.request.shape.shape = spec.shape;
    aim.request.shape.seed = context.dice().next();
    aim.nodes = names_of(*context.cluster);
    aim.text = spec.shape;
  } else {
    auto targets = choose_targets(context, spec.targets);
    if (!targets) return targets.error();
    aim_at_nodes(context, std::move(*targets), &aim);
  }
  aim.text += std::string(" (") + name_of(spec.kind) + ")";
  return aim;
}

Status turn_partition(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted) {
  auto aim = take_aim(context, spec);
  if (!aim) return skip_turn(context, aim.error());
  Breakage breakage{aim->nodes, aim->text, "cut", "healed", {}, {}};
  breakage.begin = [&](const std::string& name) -> Result<Begun> {
    aim->request.name = name;
    auto applied = context.control->partition(aim->request);
    if (!applied && applied.error().code == ErrorCode::exists) {
      aim->request.name
          .clear();  // somebody at the control API has a cut of that name: take another
      applied = context.control->partition(aim->request);
    }
    if (!applied) return applied.error();
    return Begun{applied->name.empty() ? name : applied->name, applied->asked_at,
                 applied->in_force_at};
  };
  breakage.mend = [&](const Begun& begun) {
    return heal_surely(*context.control, {begun.name}, context.log);
  };
  return run_turn(context, spec, wanted, breakage);
}

}  // namespace

const Nemesis partition_nemesis{
    "partition", "cuts nodes off from the others: the leader, a minority, a shape", turn_partition};

}  // namespace sunder::harness
