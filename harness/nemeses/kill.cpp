// Nemesis "kill": kill -9 of all processes of the targets' machines, and after `for` a start with the data as they were.
// Thread: the nemesis thread. Tested by tests/cluster/nemesis_test.py.
#include <chrono>
#include <csignal>
#include <thread>

#include "harness/node_turn.hpp"

namespace sunder::harness {

extern const Nemesis kill_nemesis;

namespace {

constexpr int kLooks = 500;  // of 10 ms each

bool alive(const Cluster& cluster, const std::string& name) {
  for (const NodeStatus& node : cluster.nodes()) {
    if (node.name == name) return node.alive;
  }
  return false;
}

Status kill_node(Cluster& cluster, const std::string& node) {
  const Status sent = cluster.signal(node, SIGKILL);
  // One that has ended by itself is as dead.
  if (!sent.ok() && sent.error().code != ErrorCode::not_found) return sent;
  for (int i = 0; i < kLooks; ++i) {
    if (!alive(cluster, node)) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return Error{ErrorCode::timeout, "it lives on after SIGKILL"};
}

Status start_node(Cluster& cluster, const std::string& node) {
  Status started = cluster.start(node);
  if (!started.ok() && started.error().code == ErrorCode::exists) return {};
  return started;
}

Status turn_kill(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted) {
  return node_turn(context, spec, wanted,
                   {"kill", "killed", "started again", kill_node, start_node});
}

}  // namespace

const Nemesis kill_nemesis{"kill", "kills nodes with SIGKILL and starts them again", turn_kill};

}  // namespace sunder::harness
