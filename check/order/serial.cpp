// Saturation of the forced order: see serial.hpp.
#include "check/order/serial.hpp"

#include <algorithm>
#include <deque>

#include "check/order/flat_map.hpp"
#include "check/order/sight.hpp"

namespace sunder::check::order {

namespace {

std::uint64_t pair_of(std::uint32_t from, std::uint32_t to) {
  return std::uint64_t{from} << 32U | to;
}

class Saturator {
 public:
  Saturator(const Sessions& sessions, const Deadline& deadline, std::uint64_t memory_bytes)
      : sessions_(sessions),
        deadline_(deadline),
        memory_(memory_bytes),
        writes_(runs_of(sessions, Sort::writes)),
        edges_(base_edges(sessions, kCausal)),
        width_(sessions.count()),
        size_(static_cast<std::uint32_t>(sessions.nodes.size())) {
    base_ = edges_.size();
  }

  Saturation run() {
    if (stop(std::uint64_t{size_} * width_ * sizeof(std::uint32_t))) return std::move(out_);
    put_initial_reads_first();
    for (std::uint32_t round = 1;; ++round) {
      const Graph graph(size_, edges_);
      const auto order = graph.order();
      if (order.size() < size_) {
        refute(graph.cycle());
        return std::move(out_);
      }
      set_clocks(graph, order);
      const std::size_t before = edges_.size();
      for (std::uint32_t r = 0; r < size_; ++r) {
        if (r % kAskEvery == 0 && stop(bytes())) return std::move(out_);
        if (sessions_.nodes[r].reads_node()) force(r, round);
      }
      if (edges_.size() == before) break;
    }
    out_.forced.assign(edges_.begin() + static_cast<std::ptrdiff_t>(base_), edges_.end());
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::uint64_t bytes() const {
    return clocks_.size() * sizeof(std::uint32_t) + edges_.size() * 3 * sizeof(Edge);
  }
  bool stop(std::uint64_t held) {
    out_.stopped = deadline_.exceeded(held);
    if (held > memory_) out_.stopped = "budget.memory";
    return out_.stopped != nullptr;
  }

  // Session s reaches node n up to, not including, clock(n)[s].
  [[nodiscard]] std::uint32_t* clock(std::uint32_t node) { return clocks_.data() + node * width_; }
  [[nodiscard]] bool reaches(std::uint32_t from, std::uint32_t to) {
    return clock(to)[sessions_.nodes[from].session] > from;
  }

  void set_clocks(const Graph& graph, const std::vector<std::uint32_t>& order) {
    clocks_.assign(std::size_t{size_} * width_, 0);
    for (const std::uint32_t n : order) {
      clock(n)[sessions_.nodes[n].session] = n + 1;
      graph.each_from(n, [&](std::uint32_t to) {
        std::uint32_t* mine = clock(n);
        std::uint32_t* theirs = clock(to);
        for (std::size_t s = 0; s < width_; ++s) theirs[s] = std::max(theirs[s], mine[s]);
      });
    }
  }

  void add(std::uint32_t from, std::uint32_t to, std::uint32_t why, std::uint32_t round) {
    std::uint32_t& known = rounds_.at(pair_of(from, to));
    if (known != FlatMap::kFree) return;
    known = round;
    edges_.push_back({from, to, why});
  }

  void put_initial_reads_first() {
    for (std::uint32_t r = 0; r < size_; ++r) {
      const Node& read = sessions_.nodes[r];
      if (read.from != kInitialWrite) continue;
      for (const auto& run : writes_.of(read.key)) {
        std::uint32_t first = writes_.nodes[run.begin];
        if (first == r && run.begin + 1 == run.end) continue;
        if (first == r) first = writes_.nodes[run.begin + 1];
        add(r, first, r, 0);
      }
    }
  }

  void force(std::uint32_t r, std::uint32_t round) {
    const Node& read = sessions_.nodes[r];
    const std::uint32_t source = read.from;
    for (const auto& run : writes_.of(read.key)) {
      // The last other write of this session before the read comes before what was read.
      std::uint32_t before = writes_.last_below(run, clock(r)[run.session]);
      if (before == r) before = writes_.last_below(run, r);
      if (before != kNone && before != source && !reaches(before, source)) {
        add(before, source, r, round);
      }
      // The first write of this session after what was read comes after the read.
      const auto begin = writes_.nodes.begin() + run.begin;
      const auto end = writes_.nodes.begin() + run.end;
      auto after = std::partition_point(
          begin, end, [&](std::uint32_t w) { return w == source || !reaches(source, w); });
      if (after != end && *after == r) ++after;
      if (after != end && !reaches(r, *after)) add(r, *after, r, round);
    }
  }

  // The nodes on a way from `from` to `to` by edges known before `round`; edges to be borne out come into `open`.
  void add_path(std::uint32_t from, std::uint32_t to, std::uint32_t round, Part& proof,
                std::deque<Edge>& open) {
    std::vector<Edge> known;
    for (const Edge& edge : edges_) {
      if (edge.why == kNone || rounds_.find(pair_of(edge.from, edge.to)) < round) {
        known.push_back(edge);
      }
    }
    const Graph graph(size_, known);
    for (const Edge& edge : graph.path(from, to)) {
      const bool session = edge.why == kNone &&
                           sessions_.nodes[edge.from].session == sessions_.nodes[edge.to].session &&
                           sessions_.nodes[edge.to].from != edge.from;
      if (!session || edge.from == from) proof.push_back(edge.from);
      if (!session || edge.to == to) proof.push_back(edge.to);
      if (edge.why != kNone) open.push_back(edge);
    }
  }

  void refute(std::vector<Edge> cycle) {
    out_.refuted = true;
    std::deque<Edge> open(cycle.begin(), cycle.end());
    FlatMap done(64);
    Part& proof = out_.proof;
    while (!open.empty()) {
      const Edge edge = open.front();
      open.pop_front();
      std::uint32_t& seen = done.at(pair_of(edge.from, edge.to));
      if (seen != FlatMap::kFree) continue;
      seen = 1;
      proof.push_back(edge.from);
      proof.push_back(edge.to);
      if (edge.why == kNone) continue;
      proof.push_back(edge.why);
      const std::uint32_t round = rounds_.find(pair_of(edge.from, edge.to));
      const Node& read = sessions_.nodes[edge.why];
      if (!read.reads_node()) continue;
      proof.push_back(read.from);
      if (edge.to == read.from) {
        add_path(edge.from, edge.why, round, proof, open);
      } else {
        add_path(read.from, edge.to, round, proof, open);
      }
    }
    const std::size_t own = proof.size();
    for (std::size_t i = 0; i < own; ++i) {
      const Node& node = sessions_.nodes[proof[i]];
      if (node.reads_node()) proof.push_back(node.from);
    }
    complete(sessions_, proof);
    out_.cycle = std::move(cycle);
  }

  const Sessions& sessions_;
  const Deadline& deadline_;
  std::uint64_t memory_;
  Runs writes_;
  std::vector<Edge> edges_;
  std::size_t base_ = 0;  // so many of `edges_` are the model's own
  std::size_t width_;     // sessions
  std::uint32_t size_;    // nodes
  std::vector<std::uint32_t> clocks_;
  FlatMap rounds_;  // by edge: the round in which it was forced
  Saturation out_;
};

}  // namespace

Saturation saturate(const Sessions& sessions, const Deadline& deadline,
                    std::uint64_t memory_bytes) {
  return Saturator(sessions, deadline, memory_bytes).run();
}

}  // namespace sunder::check::order
