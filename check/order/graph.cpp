// Order and cycles: see graph.hpp. Order by Kahn (CACM 1962); cycles by breadth-first search.
#include "check/order/graph.hpp"

#include <algorithm>
#include <cstddef>

#include "base/assert.hpp"

namespace sunder::check::order {

namespace {

constexpr std::size_t kStarts = 256;          // nodes from which a short cycle is sought
constexpr std::size_t kSearched = 8'000'000;  // edges looked at in all, once a cycle is found

}  // namespace

Graph::Graph(std::uint32_t nodes, const std::vector<Edge>& edges)
    : first_(std::size_t{nodes} + 1, 0), targets_(edges.size()) {
  for (const Edge& edge : edges) ++first_[edge.from + 1];
  for (std::uint32_t n = 0; n < nodes; ++n) first_[n + 1] += first_[n];
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for (const Edge& edge : edges) targets_[next[edge.from]++] = {edge.to, edge.why};
}

std::vector<std::uint32_t> Graph::order() const {
  std::vector<std::uint32_t> entering(size(), 0);
  for (const Target& target : targets_) ++entering[target.to];
  std::vector<std::uint32_t> order;
  order.reserve(size());
  for (std::uint32_t n = 0; n < size(); ++n) {
    if (entering[n] == 0) order.push_back(n);
  }
  for (std::size_t at = 0; at < order.size(); ++at) {
    for (std::uint32_t e = first_[order[at]]; e < first_[order[at] + 1]; ++e) {
      if (--entering[targets_[e].to] == 0) order.push_back(targets_[e].to);
    }
  }
  return order;
}

std::vector<Edge> Graph::path(std::uint32_t from, std::uint32_t to) const {
  std::vector<Edge> came(size());
  std::vector<bool> seen(size(), false);
  std::vector<std::uint32_t> open{from};
  seen[from] = true;
  for (std::size_t at = 0; at < open.size() && !seen[to]; ++at) {
    const std::uint32_t n = open[at];
    for (std::uint32_t e = first_[n]; e < first_[n + 1]; ++e) {
      const Target& target = targets_[e];
      if (seen[target.to]) continue;
      seen[target.to] = true;
      came[target.to] = {n, target.to, target.why};
      open.push_back(target.to);
    }
  }
  std::vector<Edge> way;
  if (!seen[to]) return way;
  for (std::uint32_t n = to; n != from; n = came[n].from) way.push_back(came[n]);
  std::reverse(way.begin(), way.end());
  return way;
}

// What is left when sources and sinks are taken away again and again: every cycle, and paths between cycles.
std::vector<bool> Graph::cyclic_part() const {
  std::vector<bool> left(size(), true);
  for (const std::uint32_t n : order()) left[n] = false;
  std::vector<std::uint32_t> leaving(size(), 0);
  std::vector<Edge> back;
  for (std::uint32_t n = 0; n < size(); ++n) {
    if (!left[n]) continue;
    for (std::uint32_t e = first_[n]; e < first_[n + 1]; ++e) {
      if (!left[targets_[e].to]) continue;
      ++leaving[n];
      back.push_back({targets_[e].to, n, kNone});
    }
  }
  const Graph reverse(size(), back);
  std::vector<std::uint32_t> todo;
  for (std::uint32_t n = 0; n < size(); ++n) {
    if (left[n] && leaving[n] == 0) todo.push_back(n);
  }
  while (!todo.empty()) {
    const std::uint32_t n = todo.back();
    todo.pop_back();
    left[n] = false;
    for (std::uint32_t e = reverse.first_[n]; e < reverse.first_[n + 1]; ++e) {
      if (--leaving[reverse.targets_[e].to] == 0) todo.push_back(reverse.targets_[e].to);
    }
  }
  return left;
}

std::vector<Edge> Graph::cycle() const {
  const auto left = cyclic_part();
  std::vector<std::uint32_t> starts;
  for (std::uint32_t n = 0; n < size(); ++n) {
    if (left[n]) starts.push_back(n);
  }
  SUNDER_ASSERT(!starts.empty());
  std::vector<Edge> best;
  std::vector<Edge> came(size());  // by node: the edge by which it was reached
  std::vector<std::uint32_t> seen(size(), kNone);
  std::size_t searched = 0;
  const std::size_t step = std::max<std::size_t>(1, starts.size() / kStarts);
  for (std::size_t s = 0; s < starts.size(); s += best.empty() ? 1 : step) {
    if (!best.empty() && searched > kSearched) break;
    const std::uint32_t start = starts[s];
    std::vector<std::uint32_t> level{start};
    bool closed = false;
    for (std::size_t depth = 1; !level.empty() && !closed; ++depth) {
      if (!best.empty() && depth >= best.size()) break;
      std::vector<std::uint32_t> next;
      for (const std::uint32_t n : level) {
        for (std::uint32_t e = first_[n]; e < first_[n + 1] && !closed; ++e) {
          ++searched;
          const Target& target = targets_[e];
          if (!left[target.to] || seen[target.to] == start) continue;
          seen[target.to] = start;
          came[target.to] = {n, target.to, target.why};
          closed = target.to == start;
          next.push_back(target.to);
        }
      }
      level = std::move(next);
    }
    if (!closed) continue;
    std::vector<Edge> found{came[start]};
    while (found.back().from != start) found.push_back(came[found.back().from]);
    std::reverse(found.begin(), found.end());
    if (best.empty() || found.size() < best.size()) best = std::move(found);
  }
  return best;
}

}  // namespace sunder::check::order
