// Nemesis "pause": SIGSTOP to all processes of the targets' machines, and after `for` SIGCONT. Their connections stay: to
// the others a paused node is one that hangs. Thread: the nemesis thread. Tested by tests/cluster/nemesis_test.py.
#include <csignal>

#include "harness/node_turn.hpp"

namespace sunder::harness {

extern const Nemesis pause_nemesis;

namespace {

Status stop_node(Cluster& cluster, const std::string& node) {
  return cluster.signal(node, SIGSTOP);
}

Status continue_node(Cluster& cluster, const std::string& node) {
  return cluster.signal(node, SIGCONT);
}

Status turn_pause(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted) {
  return node_turn(context, spec, wanted, {"pause", "paused", "woken", stop_node, continue_node});
}

}  // namespace

const Nemesis pause_nemesis{"pause", "stops nodes with SIGSTOP and lets them go on", turn_pause};

}  // namespace sunder::harness
