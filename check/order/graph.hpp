// Graph: forced order between nodes, and a short cycle where there can be no order.
//
// sight, serial → edges → **Graph** → order, or a cycle (the proof of a violation).
// An edge says why it is there: the read that forces it, or kNone for one that the model itself demands.
// Thread: one. Tested by tests/check/order_checks_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/history.hpp"

namespace sunder::check::order {

struct Edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t why = kNone;  ///< the read that forces it; kNone: session order or reads-from
};

class Graph {
 public:
  /// COST: O(nodes + edges); 8 bytes an edge beside `edges`, which the caller may then drop.
  Graph(std::uint32_t nodes, const std::vector<Edge>& edges);

  /// The nodes in an order that respects every edge; fewer than all where there is a cycle.
  [[nodiscard]] std::vector<std::uint32_t> order() const;

  /// The shortest cycle found (edges in order, each begins where the last ended). REQUIRES: there is one.
  [[nodiscard]] std::vector<Edge> cycle() const;

  /// The edges of a shortest way; empty where there is none.
  [[nodiscard]] std::vector<Edge> path(std::uint32_t from, std::uint32_t to) const;

  /// Calls `visit(to)` for every edge that leaves the node.
  template <class Visit>
  void each_from(std::uint32_t node, Visit&& visit) const {
    for (std::uint32_t e = first_[node]; e < first_[node + 1]; ++e) visit(targets_[e].to);
  }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(first_.size() - 1); }

 private:
  [[nodiscard]] std::vector<bool> cyclic_part() const;

  struct Target {
    std::uint32_t to;
    std::uint32_t why;
  };
  std::vector<std::uint32_t> first_;  // by node: into `targets_`; one more at the end
  std::vector<Target> targets_;
};

}  // namespace sunder::check::order
