// Session guarantees and causal consistency by forced order: see sight.hpp.
//
// The guarantees that look into one session only are here; clocks.cpp follows sight from session to session.
#include "check/order/sight.hpp"

#include <algorithm>

#include "check/order/sight_parts.hpp"

namespace sunder::check::order {

namespace {

// Edges by "reads → later writes" of a session. A cas reads before it writes, so it has a node of its own (above all
// others) where what was read so far comes together.
void add_reads_first(const Sessions& sessions, std::vector<Edge>& edges) {
  const auto nodes = static_cast<std::uint32_t>(sessions.nodes.size());
  std::uint32_t before = kNone;
  for (std::uint32_t id = 0; id < nodes; ++id) {
    const Node& node = sessions.nodes[id];
    if (id == sessions.first[node.session]) before = kNone;
    if (node.reads()) {
      const std::uint32_t joined = node.writes ? nodes + id : id;
      if (node.reads_node()) edges.push_back({node.from, joined, kNone});
      if (before != kNone) edges.push_back({before, joined, kNone});
      before = joined;
    }
    if (node.writes && before != kNone) edges.push_back({before, id, kNone});
  }
}

// What one session knows of one key; valid while `session` is the one at hand.
struct KeyState {
  std::uint32_t session = kNone;
  std::uint32_t last_read = kNone;  // of a written value
  std::uint32_t last_write = kNone;
  std::uint32_t join = kNone;    // where the session's writes so far come together
  std::uint32_t target = kNone;  // own write that was read after later ones …
  std::uint32_t behind = 0;      // … and how far (index in its run) these are ordered before it
  std::uint32_t looked = 0;      // MW: change number of the sight when the key was last read
};

// Read-your-writes, monotonic reads, monotonic writes: each session by itself.
class OwnSession {
 public:
  OwnSession(const Sessions& sessions, const Sight& sight, const Deadline& deadline)
      : sessions_(sessions),
        sight_(sight),
        deadline_(deadline),
        writes_(runs_of(sessions, Sort::writes)),
        keys_(sessions.keys),
        seen_(sessions.count()),
        size_(static_cast<std::uint32_t>(sessions.nodes.size())),
        join_of_(sight.own_writes ? sessions.nodes.size() : 0, kNone) {}

  SightVerdict judge() {
    const auto nodes = static_cast<std::uint32_t>(sessions_.nodes.size());
    for (std::uint32_t id = 0; id < nodes; ++id) {
      if (id % kAskEvery == 0) {
        out_.stopped = deadline_.exceeded(edges_.size() * sizeof(Edge) * 2);
        if (out_.stopped != nullptr) return std::move(out_);
      }
      const Node& node = sessions_.nodes[id];
      KeyState& key = keys_[node.key];
      if (key.session != node.session) {
        key = KeyState{};
        key.session = node.session;
      }
      if (node.reads()) look(id, node, key);
      if (out_.refuted) return std::move(out_);
      if (node.writes && sight_.own_writes) wrote(id, key);
    }
    const auto base = base_edges(sessions_, sight_);
    edges_.insert(edges_.end(), base.begin(), base.end());
    out_.refuted = find_cycle(sessions_, size_, edges_, false);
    return std::move(out_);
  }

 private:
  // The bound of what the reader at hand has seen of a session's writes.
  struct Seen {
    std::uint32_t reader = kNone;
    std::uint32_t bound = 0;
    std::uint32_t changed = 0;
  };

  void refute(std::uint32_t read, std::uint32_t missed) {
    out_.refuted = Refutation{{}, {}, read, missed};
  }

  void look(std::uint32_t id, const Node& node, KeyState& key) {
    if (sight_.own_writes) return look_own(id, node, key);
    std::uint32_t known = key.last_read == kNone ? kNone : sessions_.nodes[key.last_read].from;
    if (sight_.their_writes && known == kNone) known = any_seen(node);
    if (known != kNone) {
      out_.chances.push_back({id, known});
      if (node.from == kInitialWrite) return refute(id, known);
    }
    if (!node.reads_node()) return;
    if (key.last_read != kNone) order(sessions_.nodes[key.last_read].from, node.from, id);
    key.last_read = id;
    if (sight_.their_writes) look_behind(id, node, key);
  }

  void order(std::uint32_t before, std::uint32_t after, std::uint32_t why) {
    if (before != after) edges_.push_back({before, after, why});
  }

  // MW: a write of the key that this session has seen, or kNone.
  [[nodiscard]] std::uint32_t any_seen(const Node& node) const {
    for (const auto& run : writes_.of(node.key)) {
      const Seen& seen = seen_[run.session];
      if (seen.reader != node.session || writes_.nodes[run.begin] >= seen.bound) continue;
      return writes_.last_below(run, seen.bound);
    }
    return kNone;
  }

  // MW: the read brings its writer's session into sight; what came newly into sight is older than what was read.
  // Older sights are ordered already, before what was read then (monotonic reads).
  void look_behind(std::uint32_t id, const Node& node, KeyState& key) {
    const Node& writer = sessions_.nodes[node.from];
    Seen& from = seen_[writer.session];
    if (from.reader != node.session) from = {node.session, 0, 0};
    if (from.bound <= node.from) {
      from.bound = node.from + 1;
      from.changed = ++changes_;
    }
    for (const auto& run : writes_.of(node.key)) {
      const Seen& seen = seen_[run.session];
      if (seen.reader != node.session || seen.changed <= key.looked) continue;
      const std::uint32_t older = writes_.last_below(run, seen.bound);
      if (older == kNone || (run.session == writer.session && older <= node.from)) continue;
      order(older, node.from, id);
    }
    key.looked = changes_;
  }

  // RYW: all earlier writes of the session come before what the read returned.
  void look_own(std::uint32_t id, const Node& node, KeyState& key) {
    if (key.last_write == kNone) return;
    out_.chances.push_back({id, key.last_write});
    if (node.from == kInitialWrite) return refute(id, key.last_write);
    const Node& writer = sessions_.nodes[node.from];
    if (writer.session != node.session || node.from > key.last_write) {
      edges_.push_back({key.join, node.from, id});
    } else {
      look_at_own(id, node, key);
    }
  }

  // The read returned one of the session's own earlier writes: the others come before it. Writes that are ordered once
  // need not be ordered again, so that this is O(n) in all.
  void look_at_own(std::uint32_t id, const Node& node, KeyState& key) {
    const auto runs = writes_.of(node.key);
    const auto run = std::lower_bound(
        runs.begin(), runs.end(), node.session,
        [](const Runs::Run& r, std::uint32_t session) { return r.session < session; });
    const auto begin = writes_.nodes.begin() + run->begin;
    const auto end = writes_.nodes.begin() + run->end;
    const auto place = [&](std::uint32_t n) {
      return static_cast<std::uint32_t>(std::lower_bound(begin, end, n) - begin);
    };
    const std::uint32_t at = place(node.from);
    const std::uint32_t last = place(key.last_write);
    if (key.target != kNone && key.target != node.from && at <= key.behind) {
      edges_.push_back({key.target, node.from, id});  // and the other way round before: a cycle
      return;
    }
    std::uint32_t next = at + 1;
    if (key.target == node.from) {
      next = key.behind + 1;
    } else if (at > 0) {
      edges_.push_back({join_of_[*(begin + at - 1)], node.from, id});
    }
    for (; next <= last; ++next) edges_.push_back({*(begin + next), node.from, id});
    key.target = node.from;
    key.behind = last;
  }

  void wrote(std::uint32_t id, KeyState& key) {
    const std::uint32_t join = size_++;
    edges_.push_back({id, join, kNone});
    if (key.join != kNone) edges_.push_back({key.join, join, kNone});
    key.join = join;
    key.last_write = id;
    join_of_[id] = join;
  }

  const Sessions& sessions_;
  Sight sight_;
  const Deadline& deadline_;
  Runs writes_;
  std::vector<KeyState> keys_;
  std::vector<Seen> seen_;  // by session
  std::uint32_t changes_ = 0;
  std::uint32_t size_;  // nodes, and those where writes come together
  std::vector<std::uint32_t> join_of_;
  std::vector<Edge> edges_;
  SightVerdict out_;
};

}  // namespace

std::vector<Edge> base_edges(const Sessions& sessions, const Sight& sight) {
  std::vector<Edge> edges;
  if (sight.their_reads && !sight.their_writes) {
    add_reads_first(sessions, edges);
    return edges;
  }
  if (!sight.their_writes) return edges;
  std::uint32_t before = kNone;
  for (std::uint32_t id = 0; id < sessions.nodes.size(); ++id) {
    const Node& node = sessions.nodes[id];
    if (id == sessions.first[node.session]) before = kNone;
    if (sight.all() && node.reads_node()) edges.push_back({node.from, id, kNone});
    if (!sight.all() && !node.writes) continue;
    if (before != kNone) edges.push_back({before, id, kNone});
    before = id;
  }
  return edges;
}

std::optional<Refutation> find_cycle(const Sessions& sessions, std::uint32_t size,
                                     const std::vector<Edge>& edges, bool joins_read) {
  const Graph graph(size, edges);
  if (graph.order().size() == size) return std::nullopt;
  const auto real = [&](std::uint32_t node) { return node < sessions.nodes.size(); };
  auto cycle = graph.cycle();
  const auto first =
      std::find_if(cycle.begin(), cycle.end(), [&](const Edge& e) { return real(e.from); });
  std::rotate(cycle.begin(), first, cycle.end());
  Refutation found;
  bool open = false;  // the last edge ends where several come together
  for (const Edge& edge : cycle) {
    if (open) {
      found.cycle.back().to = edge.to;
      if (edge.why != kNone) found.cycle.back().why = edge.why;
    } else {
      found.cycle.push_back(edge);
    }
    open = !real(edge.to);
    if (open && joins_read) {
      found.through.push_back(edge.to - static_cast<std::uint32_t>(sessions.nodes.size()));
    }
  }
  return found;
}

SightVerdict judge_sight(const Sessions& sessions, const Sight& sight, const Deadline& deadline,
                         std::uint64_t memory_bytes) {
  if (sight.their_reads) return judge_by_clocks(sessions, sight, deadline, memory_bytes);
  return OwnSession(sessions, sight, deadline).judge();
}

}  // namespace sunder::check::order
