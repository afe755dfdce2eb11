// The Switchboard's commands on nodes: they come, go, and are known dead. See switchboard.hpp.
//
// Every loop reads names and addresses from the topology that it was given last, so a new one goes out with a FaultSet,
// and a node keeps its index as long as it lives. A removed node leaves a place with the role `gone`. The place serves
// again: first for a node of the same name, and for any other once kNodesMax places are made.
// Tested by tests/control/switchboard_test.cpp.
#include <algorithm>
#include <utility>

#include "control/switchboard_state.hpp"

namespace sunder::control {
namespace {

Error no_such_node(const std::string& name) {
  return {ErrorCode::not_found, "there is no node \"" + name + "\"", "node", "unknown_node"};
}

/// The index for a new node of that name; nodes.size() for a place of its own.
std::size_t place_for(const std::vector<Node>& nodes, const std::string& name) {
  std::size_t any = nodes.size();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].role != NodeRole::gone) continue;
    if (nodes[i].name == name) return i;
    if (any == nodes.size()) any = i;
  }
  return nodes.size() < Switchboard::kNodesMax ? nodes.size() : any;
}

}  // namespace

Result<NodeId> Switchboard::add_node(Node node) {
  State& s = *state_;
  if (!valid_name(node.name) || node.name == "unknown" || node.role == NodeRole::gone) {
    return Error{ErrorCode::invalid,
                 "\"" + node.name +
                     "\" can't be the name of a node; take small letters, digits and hyphens, "
                     "first a letter, at most 31",
                 "name", "bad_name"};
  }
  const std::lock_guard lock(s.mutex);
  if (s.closed) {
    return Error{ErrorCode::unavailable, "this run is ending and takes no more commands"};
  }
  if (s.topology->find(node.name) != kUnknownNode) {
    return Error{ErrorCode::exists, "there is a node \"" + node.name + "\" already", "name",
                 "name_taken"};
  }
  std::vector<Node> nodes = s.topology->nodes();
  const std::size_t place = place_for(nodes, node.name);
  if (place >= kNodesMax) {
    return Error{ErrorCode::invalid,
                 "there are " + std::to_string(kNodesMax) + " nodes already; remove some first",
                 "name", "too_many_nodes"};
  }
  JsonText fields;
  fields.text("name", node.name).text("kind", "added");
  if (place == nodes.size()) nodes.emplace_back();
  nodes[place] = std::move(node);
  s.topology = std::make_shared<const Topology>(std::move(nodes));
  const auto outcome = s.options.proxy->apply(s.fault_set(s.epoch + 1, s.rules));
  s.epoch += 1;
  const Nanos in_force_at = outcome.in_force_at - s.options.t0;
  fields.number("in_force_at", in_force_at).number("epoch", s.epoch);
  s.options.events->append(in_force_at, "node", fields);
  return static_cast<NodeId>(place);
}

Status Switchboard::remove_node(const std::string& name) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  const NodeId id = s.topology->find(name);
  if (id == kUnknownNode) return no_such_node(name);
  const auto of_node = [&](const PairId& pair) { return pair.from == id || pair.to == id; };
  const auto only_of_node = [&](const HeldRule& held) {
    return std::all_of(held.rule.pairs.begin(), held.rule.pairs.end(), of_node);
  };
  if (auto ended = s.remove(only_of_node, asked_at, "node"); !ended) return ended.error();
  for (HeldRule& held : s.rules) {
    auto& pairs = held.rule.pairs;
    pairs.erase(std::remove_if(pairs.begin(), pairs.end(), of_node), pairs.end());
    if (held.is_cut()) held.packets = rules_of_cut(*s.topology, {*held.rule.cut, pairs});
  }
  std::vector<Node> nodes = s.topology->nodes();
  nodes[id].role = NodeRole::gone;
  nodes[id].ip = 0;
  if (s.options.processes != nullptr) s.options.processes->set(id, {});
  s.down.erase(id);
  s.topology = std::make_shared<const Topology>(std::move(nodes));
  auto packets = s.wanted(s.rules);
  if (s.options.filter != nullptr && packets != s.packets) {
    SUNDER_TRY(s.options.filter->apply(packets));
  }
  s.packets = std::move(packets);
  const auto outcome = s.options.proxy->apply(s.fault_set(s.epoch + 1, s.rules));
  s.epoch += 1;
  const Nanos in_force_at = outcome.in_force_at - s.options.t0;
  JsonText fields;
  fields.text("name", name).text("kind", "removed");
  fields.number("in_force_at", in_force_at).number("epoch", s.epoch);
  s.options.events->append(in_force_at, "node", fields);
  return {};
}

Status Switchboard::set_node_down(const std::string& node, bool down) {
  State& s = *state_;
  const Nanos asked_at = s.now();
  const std::lock_guard lock(s.mutex);
  const NodeId id = s.topology->find(node);
  if (id == kUnknownNode) return no_such_node(node);
  if ((s.down.count(id) != 0) == down) return {};
  const auto before = s.down;
  if (down) {
    s.down.insert(id);
  } else {
    s.down.erase(id);
  }
  auto packets = s.wanted(s.rules);
  if (s.options.filter != nullptr) {
    if (auto applied = s.options.filter->apply(packets); !applied) {
      s.down = before;
      return applied.error();
    }
  }
  s.packets = std::move(packets);
  const Nanos in_force_at = s.now();
  JsonText fields;
  fields.text("name", node).text("kind", down ? "down" : "up").boolean("down", down);
  fields.number("asked_at", asked_at).number("in_force_at", in_force_at).number("epoch", s.epoch);
  s.options.events->append(in_force_at, "node", fields);
  return {};
}

}  // namespace sunder::control
