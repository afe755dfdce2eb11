// Partition shapes by name; see partition_shapes.hpp. Pure functions over positions 0..n-1, then names.
#include "control/partition_shapes.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "control/shapes.hpp"
#include "sunder/rng.hpp"

namespace sunder::control {
namespace {

/// What a shape is made from: the nodes that take part, in an order drawn from the seed, and how many were named.
struct Table {
  std::vector<NodeId> order;  ///< all that take part
  std::vector<NodeId> named;  ///< as they were given; empty: none
  std::vector<NodeId> all;    ///< every database node
  Rng dice;
  std::set<PairId> cut;

  void both(NodeId a, NodeId b) {
    cut.insert({a, b});
    cut.insert({b, a});
  }
};

/// Those named stand apart from all other nodes; without names, the first that was drawn.
void apart(Table& table, bool one_way) {
  std::vector<NodeId> alone = table.named;
  if (alone.empty()) alone.push_back(table.order.front());
  for (const NodeId a : alone) {
    for (const NodeId b : table.all) {
      if (std::find(alone.begin(), alone.end(), b) != alone.end()) continue;
      table.cut.insert({a, b});
      if (!one_way) table.cut.insert({b, a});
    }
  }
}

void isolate(Table& table) {
  apart(table, false);
}
void one_way(Table& table) {
  apart(table, true);
}

/// The first floor((n-1)/2) of the order are the minority.
void majority(Table& table) {
  const std::size_t few = (table.order.size() - 1) / 2;
  for (std::size_t a = 0; a < few; ++a) {
    for (std::size_t b = few; b < table.order.size(); ++b)
      table.both(table.order[a], table.order[b]);
  }
}

/// Each sees those at most `reach` places away on the circle, and no other.
void circle(Table& table, std::size_t reach) {
  const std::size_t n = table.order.size();
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = a + 1; b < n; ++b) {
      const std::size_t away = std::min(b - a, n - (b - a));
      if (away > reach) table.both(table.order[a], table.order[b]);
    }
  }
}

void ring(Table& table) {
  circle(table, 1);
}
/// A node sees 2·reach + 1 nodes, itself among them: the smallest reach with which that is a majority.
void majorities_ring(Table& table) {
  const std::size_t most = table.order.size() / 2 + 1;
  circle(table, most / 2);
}

/// The first of the order sees everybody; the others are two halves that do not see each other.
void bridge(Table& table) {
  const std::size_t n = table.order.size();
  const std::size_t middle = 1 + (n - 1) / 2;
  for (std::size_t a = 1; a < middle; ++a) {
    for (std::size_t b = middle; b < n; ++b) table.both(table.order[a], table.order[b]);
  }
}

void pair(Table& table) {
  table.both(table.order[0], table.order[1]);
}

/// Each two nodes with a chance of one half; at least two of them.
void random(Table& table) {
  const std::size_t n = table.order.size();
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = a + 1; b < n; ++b) {
      if (table.dice.chance(0.5)) table.both(table.order[a], table.order[b]);
    }
  }
  if (table.cut.empty()) pair(table);
}

struct Shape {
  ShapeKind kind;
  void (*cut)(Table&);
  bool names_stand_apart;  ///< `nodes` are those cut off, and not those that take part
};

constexpr std::array kShapes{
    Shape{{"isolate", "the nodes named (or one that is drawn) are cut off from all others"},
          isolate,
          true},
    Shape{{"one-way",
           "what the nodes named (or one that is drawn) send to all others is cut, and "
           "not what comes back"},
          one_way,
          true},
    Shape{{"majority", "a minority, as large as one can be, is cut off from the majority", 3},
          majority,
          false},
    Shape{{"ring", "each node sees its two neighbours on a circle", 4}, ring, false},
    Shape{{"majorities-ring", "each node sees a majority, and no two see the same one", 4},
          majorities_ring,
          false},
    Shape{{"bridge", "two halves that do not see each other, and one node that sees both", 3},
          bridge,
          false},
    Shape{{"pair", "two nodes (the two named, or drawn) do not see each other"}, pair, false},
    Shape{{"random", "each two nodes are cut with a chance of one half, at least two of them"},
          random,
          false},
};

Result<NodeId> server(const Topology& topology, const std::string& name, const std::string& field) {
  const NodeId id = topology.find(name);
  if (id == kUnknownNode || topology.at(id).role != NodeRole::server) {
    return Error{ErrorCode::not_found, "there is no database node \"" + name + "\"", field,
                 "unknown_node"};
  }
  return id;
}

Result<std::vector<NodeId>> servers_named(const Topology& topology,
                                          const std::vector<std::string>& names) {
  std::vector<NodeId> out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string field = "nodes[" + std::to_string(i) + "]";
    auto id = server(topology, names[i], field);
    if (!id) return id.error();
    if (std::find(out.begin(), out.end(), *id) != out.end()) {
      return bad_field("duplicate_node", field, "node \"" + names[i] + "\" is named twice");
    }
    out.push_back(*id);
  }
  return out;
}

/// Fisher and Yates's shuffle, by our own dice: std::shuffle differs between libraries.
void shuffle(std::vector<NodeId>& list, Rng& dice) {
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[dice.below(i)]);
}

/// Puts the leader where the shape needs it: as the one alone, the bridge, or on its side of a majority.
Status place_leader(const Topology& topology, const ShapeSpec& spec, const Shape& shape,
                    Table& table) {
  const bool sided = shape.kind.name == "majority";
  if (!spec.leader_side.empty() && (!sided || spec.leader.empty())) {
    return bad_field("bad_value", "leader_side",
                     "a side belongs to the shape majority, and to a leader");
  }
  if (spec.leader.empty()) return {};
  if (!sided && shape.kind.name != "bridge") {
    return bad_field("bad_value", "leader",
                     "a leader belongs to the shapes majority and bridge; others take nodes");
  }
  const auto id = server(topology, spec.leader, "leader");
  if (!id) return id.error();
  const auto found = std::find(table.order.begin(), table.order.end(), *id);
  if (found == table.order.end()) {
    return bad_field("bad_value", "leader", "the leader is none of the nodes that take part");
  }
  if (!spec.leader_side.empty() && spec.leader_side != "majority" &&
      spec.leader_side != "minority") {
    return bad_field("bad_value", "leader_side",
                     "a leader stands in the majority or in the minority");
  }
  // The minority and the bridge stand first in the order, the majority last.
  const bool last = sided && spec.leader_side == "majority";
  std::swap(*found, last ? table.order.back() : table.order.front());
  return {};
}

}  // namespace

std::span<const ShapeKind> shape_kinds() {
  static const auto kinds = [] {
    std::array<ShapeKind, kShapes.size()> out;
    for (std::size_t i = 0; i < kShapes.size(); ++i) out[i] = kShapes[i].kind;
    return out;
  }();
  return kinds;
}

std::string shape_names() {
  std::string out;
  for (const Shape& shape : kShapes)
    out += (out.empty() ? "" : ", ") + std::string(shape.kind.name);
  return out;
}

Result<ShapePlan> plan_shape(const Topology& topology, const ShapeSpec& spec) {
  const auto shape = std::find_if(kShapes.begin(), kShapes.end(),
                                  [&](const Shape& one) { return one.kind.name == spec.shape; });
  if (shape == kShapes.end()) {
    return bad_field("unknown_shape", "shape",
                     "there is no shape \"" + spec.shape + "\"; there are " + shape_names());
  }
  auto named = servers_named(topology, spec.nodes);
  if (!named) return named.error();
  Table table{
      {}, std::move(*named), {}, Rng(derive_seed(spec.seed, {"shape", spec.shape.c_str()})), {}};
  for (std::size_t i = 0; i < topology.size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (topology.at(id).role == NodeRole::server) table.all.push_back(id);
  }
  table.order = table.named.empty() || shape->names_stand_apart ? table.all : table.named;
  if (table.order.size() < shape->kind.nodes_min) {
    return bad_field("too_few_nodes", table.named.empty() ? "shape" : "nodes",
                     "the shape " + spec.shape + " needs at least " +
                         std::to_string(shape->kind.nodes_min) + " database nodes, and there are " +
                         std::to_string(table.order.size()));
  }
  shuffle(table.order, table.dice);
  if (shape->kind.name == "pair" && table.named.size() > 2) {
    return bad_field("bad_value", "nodes", "a pair is two nodes");
  }
  SUNDER_TRY(place_leader(topology, spec, *shape, table));
  shape->cut(table);
  if (table.cut.empty()) {
    return bad_field("nothing_to_cut", "nodes",
                     "there is no other database node to cut these off from");
  }
  return ShapePlan{{table.cut.begin(), table.cut.end()}, std::move(table.order)};
}

}  // namespace sunder::control
