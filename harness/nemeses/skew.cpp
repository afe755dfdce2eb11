// Nemesis "skew": the wall clocks of the targets' machines are off by `offset`, and after `for` right again.
//
// The clock jumps at both ends, as one that was set by hand. What a process waits for is not touched: CLOCK_MONOTONIC runs
// on. A turn in which no process of a node asked for the time is vacuous, and says so.
// Thread: the nemesis thread. Tested by tests/cluster/skew_test.py.
#include "harness/node_clock.hpp"
#include "harness/node_turn.hpp"

namespace sunder::harness {

extern const Nemesis skew_nemesis;

namespace {

Status turn_skew(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted) {
  NodeFault fault{"skew", "skewed", "right again", {}, {}};
  fault.detail = offset_text(spec.offset);
  fault.begin = [&spec](Cluster& cluster, const std::string& node) {
    return cluster.skew(node, spec.offset);
  };
  fault.mend = [](Cluster& cluster, const std::string& node) { return cluster.skew(node, 0); };
  fault.met = [](Cluster& cluster, const std::string& node) {
    return cluster.asked_for_time(node);
  };
  fault.unmet = "asked for the time while its clock was off";
  return node_turn(context, spec, wanted, fault);
}

}  // namespace

const Nemesis skew_nemesis{"skew", "sets the wall clocks of nodes off, and right again", turn_skew};

}  // namespace sunder::harness
