// Partition shapes by name: from a word ("bridge") and the nodes to the directed pairs that it cuts.
//
// ShapeSpec + Topology → **shape** → ShapePlan → Switchboard. What a shape has to draw (who stands alone, who is the
// bridge) comes from its seed only: the same seed over the same nodes is the same cut. The shapes follow Jepsen's
// nemeses of the same names. Only database nodes take part; clients are touched by no shape.
// ERRORS: invalid or not_found; `where` is the field ("shape", "nodes[2]", "leader"), ids unknown_shape, unknown_node,
// duplicate_node, too_few_nodes, bad_value.
// Thread: pure. Tested by tests/control/partition_shapes_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sunder/client.hpp"
#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::control {

struct ShapeKind {
  std::string_view name;
  std::string_view doc;       ///< one sentence
  std::size_t nodes_min = 2;  ///< below that it would cut nothing, or make no sense
};
/// LIFETIME: static.
[[nodiscard]] std::span<const ShapeKind> shape_kinds();
/// "isolate, one-way, …"
[[nodiscard]] std::string shape_names();

struct ShapePlan {
  std::vector<PairId> pairs;  ///< sorted, none twice
  std::vector<NodeId> order;  ///< the nodes as they were drawn; what each means is the shape's
};
[[nodiscard]] Result<ShapePlan> plan_shape(const Topology& topology, const ShapeSpec& spec);

}  // namespace sunder::control
