// Nemesis "partition": isolates one node from the others for a while, again and again; or cuts the pairs it is given.
//
// The target is the leader of the moment, a follower (drawn), or a node by name. A turn: cut it off in one command,
// hold for the suite's `for`, heal, wait until every node serves linearizable reads again. Clients are not touched: each
// still reaches its own node, which is what makes the sides of a partition visible.
// Thread: the nemesis thread. Tested by tests/harness/runner_test.cpp.
#include <algorithm>

#include "base/units.hpp"
#include "harness/nemesis.hpp"

namespace sunder::harness {

extern const Nemesis partition_nemesis;

namespace {

constexpr Nanos kLeaderTimeout = 10 * kSecond;

// The node to cut off. Leader and follower are asked for at each turn, for leaders change.
Result<std::string> choose_target(NemesisContext& context, const NemesisSpec& spec,
                                  const std::vector<std::string>& nodes) {
  if (spec.targets != "leader" && spec.targets != "follower") return spec.targets;
  auto leader = Probe(*context.cluster, *context.clock).find_leader(kLeaderTimeout, context.stop);
  if (!leader || spec.targets == "leader") return leader;
  std::vector<std::string> followers;
  for (const std::string& node : nodes) {
    if (node != *leader) followers.push_back(node);
  }
  return followers[context.dice().below(followers.size())];
}

// "n2,n3", as `sunder ctl partition` takes it.
std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

// Waits until the cluster serves again, and writes it down.
void await_recovery(NemesisContext& context, const std::string& fault, Nanos healed_at) {
  context.log->set_state("waiting for the cluster after " + fault);
  RecoveryRecord record;
  record.fault = fault;
  record.healed_at = healed_at;
  record.bound = context.recovery_bound;
  const auto at =
      Probe(*context.cluster, *context.clock).wait_serving(context.recovery_bound, context.stop);
  if (!at && context.stop()) return;  // interrupted: nobody knows
  if (at) {
    record.recovered = true;
    record.recovered_at = *at - context.t0;
  }
  context.log->recovered(record);
  const std::string text = at ? "every node serves again " +
                                    seconds_text(record.recovered_at - healed_at) + " after " +
                                    fault + " was healed"
                              : "the cluster does not serve " + seconds_text(record.bound) +
                                    " after " + fault + " was healed";
  context.log->say(text);
  // A note in the event log, for people who read it; the results have it anyway.
  static_cast<void>(context.control->note(text, {{"fault", fault}}));
}

// What to cut: the pairs of the suite, or a node from all others.
struct Aim {
  control::PartitionRequest request;
  std::vector<std::string> nodes;  // whom it meets
  std::string text;                // "n1 | n2,n3"
};

Result<Aim> take_aim(NemesisContext& context, const NemesisSpec& spec) {
  Aim aim;
  aim.request.kind = spec.kind;
  if (!spec.pairs.empty()) {
    aim.request.pairs = spec.pairs;
    for (const Pair& pair : spec.pairs) {
      aim.nodes.push_back(pair.from + ":" + pair.to);
    }
    aim.text = joined(aim.nodes);
    return aim;
  }
  std::vector<std::string> nodes;
  for (const NodeStatus& node : context.cluster->nodes()) nodes.push_back(node.name);
  const auto target = choose_target(context, spec, nodes);
  if (!target) return target.error();
  aim.nodes = {*target};
  aim.request.groups = {{*target}, {}};
  for (const std::string& node : nodes) {
    if (node != *target) aim.request.groups[1].push_back(node);
  }
  aim.text = *target + " | " + joined(aim.request.groups[1]);
  return aim;
}

Status turn(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted_name) {
  auto aim = take_aim(context, spec);
  if (!aim) {
    if (aim.error().code != ErrorCode::timeout) return aim.error();
    if (!context.stop()) {
      context.log->note("No cut at " + seconds_text(context.now()) + ": " + aim.error().message +
                        ".");
    }
    return {};
  }
  aim->request.name = wanted_name;
  auto applied = context.control->partition(aim->request);
  if (!applied && applied.error().code == ErrorCode::exists) {
    aim->request.name.clear();  // somebody at the control API has a cut of that name: take another
    applied = context.control->partition(aim->request);
  }
  if (!applied) return applied.error();

  const std::string fault = applied->name.empty() ? wanted_name : applied->name;
  Turn done{spec, aim->nodes};
  // Whole milliseconds, rounded down: windows that did not overlap still do not.
  const Nanos at = std::max<Nanos>(0, context.t0 + applied->asked_at - context.start);
  done.spec.at = at / kMillisecond * kMillisecond;
  done.spec.turn = context.turn;
  context.log->turned(done);
  context.log->set_state("cut " + fault + ": " + aim->text + " (" + name_of(spec.kind) + ")");
  context.log->say("cut " + fault + ": " + aim->text + " (" + name_of(spec.kind) +
                   "), in force after " +
                   format_duration(applied->in_force_at - applied->asked_at));
  sleep_until(*context.clock, context.t0 + applied->in_force_at + spec.duration, context.stop);
  const Nanos healed_at = context.now();
  SUNDER_TRY(heal_surely(*context.control, {fault}, context.log));
  context.log->say("healed " + fault);
  await_recovery(context, fault, healed_at);
  context.log->set_state("");
  return {};
}

}  // namespace

const Nemesis partition_nemesis{"partition",
                                "isolates the leader, a follower or a node, again and again", turn};

}  // namespace sunder::harness
