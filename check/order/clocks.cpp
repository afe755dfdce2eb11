// Sight from session to session, by a clock of every session (as AWDIT does for causal consistency: Moldrup and
// Pavlogiannis, PLDI 2025): see sight.hpp.
//
// A clock says, per session, up to which node its writes (causal) or its reads (writes-follow-reads) are in sight. Nodes
// are visited in an order that respects session order and reads-from; a write's clock is kept until its last reader.
// For a read of w1, only the newest write of its key per session must be ordered before w1: the older ones are before it.
// Where w1's own clock reaches as far, nothing is to be added at all; that is nearly always so in a good history.
#include <algorithm>
#include <memory>

#include "check/order/sight_parts.hpp"

namespace sunder::check::order {

namespace {

using Clock = std::vector<std::uint32_t>;  // by session: the first node that is out of sight

class Clocks {
 public:
  Clocks(const Sessions& sessions, const Sight& sight, const Deadline& deadline,
         std::uint64_t memory_bytes)
      : sessions_(sessions),
        causal_(sight.all()),
        deadline_(deadline),
        memory_(memory_bytes),
        runs_(runs_of(sessions, causal_ ? Sort::writes : Sort::reads)),
        edges_(base_edges(sessions, sight)),
        now_(sessions.count()),
        kept_(sessions.nodes.size()),
        readers_(sessions.nodes.size(), 0) {}

  SightVerdict judge() {
    const auto nodes = static_cast<std::uint32_t>(sessions_.nodes.size());
    const std::uint32_t size = causal_ ? nodes : 2 * nodes;
    std::vector<std::uint32_t> order = Graph(size, edges_).order();
    if (order.size() < size) {
      out_.refuted = find_cycle(sessions_, size, edges_, !causal_);
      return std::move(out_);
    }
    for (const Node& node : sessions_.nodes) {
      if (node.reads_node()) ++readers_[node.from];
    }
    if (!causal_) in_session_order(order, nodes);
    for (std::size_t at = 0; at < order.size(); ++at) {
      if (at % kAskEvery == 0 && over()) return std::move(out_);
      visit(order[at]);
      if (out_.refuted) return std::move(out_);
    }
    now_.clear();
    out_.refuted = find_cycle(sessions_, size, edges_, !causal_);
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::uint64_t bytes() const {
    return (live_ + sessions_.count()) * sessions_.count() * sizeof(std::uint32_t) +
           edges_.size() * sizeof(Edge) * 2;
  }
  [[nodiscard]] bool over() {
    out_.stopped = bytes() > memory_ ? "budget.memory" : deadline_.exceeded();
    return out_.stopped != nullptr;
  }

  // Writes-follow-reads does not order a session's writes among themselves, but its clock runs in session order: a
  // node waits until those before it in its session have been visited.
  void in_session_order(std::vector<std::uint32_t>& order, std::uint32_t nodes) const {
    std::vector<Edge> edges;
    for (std::uint32_t id = 0; id < nodes; ++id) {
      const Node& node = sessions_.nodes[id];
      if (id > sessions_.first[node.session]) edges.push_back({id - 1, id, kNone});
      if (node.reads_node()) edges.push_back({node.from, id, kNone});
    }
    order = Graph(nodes, edges).order();
  }

  void visit(std::uint32_t id) {
    const Node& node = sessions_.nodes[id];
    Clock& clock = now_[node.session];
    if (clock.empty()) clock.assign(sessions_.count(), 0);
    if (node.reads()) look(id, node, clock);
    if (causal_ || node.reads()) clock[node.session] = id + 1;
    if (node.writes && readers_[id] > 0) {
      kept_[id] = std::make_unique<Clock>(clock);
      ++live_;
    }
    if (id + 1 == sessions_.first[node.session + 1]) Clock().swap(clock);  // the session's last
  }

  // The write that a node of a run stands for.
  [[nodiscard]] std::uint32_t write_of(std::uint32_t node) const {
    return causal_ ? node : sessions_.nodes[node].from;
  }

  void look(std::uint32_t id, const Node& node, Clock& clock) {
    const auto runs = runs_.of(node.key);
    for (const auto& run : runs) {
      if (runs_.nodes[run.begin] >= clock[run.session]) continue;
      const std::uint32_t known = write_of(runs_.last_below(run, clock[run.session]));
      out_.chances.push_back({id, known});
      if (node.from == kInitialWrite) {
        out_.refuted = Refutation{{}, {}, id, known};
        return;
      }
      break;
    }
    if (node.from == kInitialWrite) return;
    const Clock& written = *kept_[node.from];
    for (std::size_t s = 0; s < clock.size(); ++s) clock[s] = std::max(clock[s], written[s]);
    for (const auto& run : runs) {
      const std::uint32_t bound = clock[run.session];
      if (bound <= written[run.session]) continue;
      const std::uint32_t newest = runs_.last_below(run, bound);
      if (newest == kNone || newest < written[run.session]) continue;
      const std::uint32_t older = write_of(newest);
      if (older != node.from) edges_.push_back({older, node.from, id});
    }
    if (--readers_[node.from] == 0) {
      kept_[node.from].reset();
      --live_;
    }
  }

  const Sessions& sessions_;
  bool causal_;
  const Deadline& deadline_;
  std::uint64_t memory_;
  Runs runs_;
  std::vector<Edge> edges_;
  std::vector<Clock> now_;  // by session; empty before its first node and after its last
  std::vector<std::unique_ptr<Clock>> kept_;  // by node: of writes that will still be read
  std::vector<std::uint32_t> readers_;        // by node: reads of it to come
  std::uint64_t live_ = 0;                    // clocks in `kept_`
  SightVerdict out_;
};

}  // namespace

SightVerdict judge_by_clocks(const Sessions& sessions, const Sight& sight, const Deadline& deadline,
                             std::uint64_t memory_bytes) {
  return Clocks(sessions, sight, deadline, memory_bytes).judge();
}

}  // namespace sunder::check::order
