// Proofs and their shrinking: see witness.hpp.
#include "check/order/witness.hpp"

#include <algorithm>
#include <deque>

#include "check/order/flat_map.hpp"

namespace sunder::check::order {

namespace {

// Searches backwards, from a read, how a write came into its sight; fewest reads on the way.
class Path {
 public:
  Path(const Sessions& sessions, const Sight& sight) : sessions_(sessions), sight_(sight) {}

  // Adds the nodes between `read` and `write`, both included.
  void add(std::uint32_t read, std::uint32_t write, Part& part) {
    steps_.clear();
    open_.clear();
    index_ = FlatMap(64);
    part.push_back(read);
    part.push_back(write);
    step(read, false, kNone, false);
    while (!open_.empty()) {
      const std::uint32_t at = open_.front();
      open_.pop_front();
      const Step now = steps_[at];
      if (now.node == write && now.sought) return collect(at, part);
      expand(at, now, read);
    }
  }

 private:
  struct Step {
    std::uint32_t node;
    std::uint32_t parent;  // into `steps_`
    bool theirs;           // in the session of a write that is in sight
    bool jumped;           // came by reads-from
    bool sought;           // a write in sight
  };

  void step(std::uint32_t node, bool theirs, std::uint32_t parent, bool jumped) {
    std::uint32_t& at =
        index_.at(std::uint64_t{node} << 2U | (theirs ? 2U : 0U) | (jumped ? 1U : 0U));
    if (at != FlatMap::kFree) return;
    at = static_cast<std::uint32_t>(steps_.size());
    const bool writes = sessions_.nodes[node].writes;
    const bool sought =
        jumped || (writes && parent != kNone && (theirs ? sight_.their_writes : sight_.own_writes));
    steps_.push_back({node, parent, theirs, jumped, sought});
    if (jumped) {
      open_.push_back(at);
    } else {
      open_.push_front(at);
    }
  }

  void expand(std::uint32_t at, const Step& now, std::uint32_t read) {
    const Node& node = sessions_.nodes[now.node];
    const bool by_reads = now.node == read || (now.theirs ? sight_.their_reads : sight_.own_reads);
    if (now.node > sessions_.first[node.session]) {
      const bool goes_on = now.theirs ? sight_.their_writes || sight_.their_reads : true;
      if (goes_on) step(now.node - 1, now.theirs, at, false);
    }
    if (by_reads && node.reads_node()) step(node.from, true, at, true);
  }

  // Of the steps back through one session only the first and the last count.
  void collect(std::uint32_t at, Part& part) const {
    for (; at != kNone; at = steps_[at].parent) {
      const Step& now = steps_[at];
      if (now.jumped) {
        part.push_back(now.node);
        part.push_back(steps_[now.parent].node);
      }
    }
  }

  const Sessions& sessions_;
  Sight sight_;
  std::vector<Step> steps_;
  std::deque<std::uint32_t> open_;
  FlatMap index_;
};

void tidy(Part& part) {
  std::sort(part.begin(), part.end());
  part.erase(std::unique(part.begin(), part.end()), part.end());
}

// The part without `count` nodes from `at` on, and without what does not stand then.
Part without(const Sessions& sessions, const Part& part, std::size_t at, std::size_t count) {
  Part rest;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (i < at || i >= at + count) rest.push_back(part[i]);
  }
  return standing(sessions, std::move(rest));
}

}  // namespace

Part proof_of(const Sessions& sessions, const Sight& sight, const Refutation& refutation) {
  Part part = refutation.through;
  Path path(sessions, sight);
  if (refutation.initial_read != kNone) {
    path.add(refutation.initial_read, refutation.missed, part);
  }
  for (const Edge& edge : refutation.cycle) {
    part.push_back(edge.from);
    part.push_back(edge.to);
    if (edge.why != kNone) path.add(edge.why, edge.from, part);
  }
  const std::size_t own = part.size();
  for (std::size_t i = 0; i < own; ++i) {
    const Node& node = sessions.nodes[part[i]];
    if (node.reads_node() && !node.writes) part.push_back(node.from);
  }
  complete(sessions, part);
  return part;
}

void complete(const Sessions& sessions, Part& part) {
  tidy(part);
  std::vector<std::uint32_t>
      reader;  // by node: a node that reads it, an answered one before others
  for (bool more = true; more;) {
    more = false;
    const Part now = part;
    for (const std::uint32_t id : now) {
      if (!sessions.nodes[id].pending) continue;
      if (reader.empty()) {
        reader.assign(sessions.nodes.size(), kNone);
        for (std::uint32_t n = 0; n < sessions.nodes.size(); ++n) {
          const Node& node = sessions.nodes[n];
          if (!node.reads_node()) continue;
          std::uint32_t& at = reader[node.from];
          if (at == kNone || (sessions.nodes[at].pending && !node.pending)) at = n;
        }
      }
      const std::uint32_t by = reader[id];
      if (by == kNone || std::binary_search(now.begin(), now.end(), by)) continue;
      part.push_back(by);
      more = true;
    }
    tidy(part);
  }
}

std::optional<Part> shrink(const Sessions& sessions, Part part, const Judge& quick,
                           const Judge& exact, const Deadline& deadline) {
  part = standing(sessions, std::move(part));
  if (!quick(part_of(sessions, part))) return std::nullopt;
  for (std::size_t chunk = std::max<std::size_t>(part.size() / 2, 1); part.size() > 1; chunk /= 2) {
    for (std::size_t at = 0; at < part.size();) {
      if (deadline.exceeded() != nullptr) break;
      Part rest = without(sessions, part, at, chunk);
      if (!rest.empty() && quick(part_of(sessions, rest))) {
        part = std::move(rest);
      } else {
        at += chunk;
      }
    }
    if (chunk == 1) break;
  }
  if (!exact(part_of(sessions, part))) return std::nullopt;
  for (bool smaller = true; smaller && deadline.exceeded() == nullptr;) {
    smaller = false;
    for (std::size_t at = 0; at < part.size() && !smaller; ++at) {
      Part rest = without(sessions, part, at, 1);
      if (rest.empty() || !exact(part_of(sessions, rest))) continue;
      part = std::move(rest);
      smaller = true;
    }
  }
  return part;
}

}  // namespace sunder::check::order
