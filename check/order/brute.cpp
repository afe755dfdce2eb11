// The definitions, tried out: see brute.hpp.
#include "check/order/brute.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace sunder::check::order {

namespace {

constexpr std::size_t kMost = 64;         // operations
constexpr std::size_t kStates = 200'000;  // looked at before it gives up

// Which writes each operation must have seen, and which order the model itself puts on writes.
class Definition {
 public:
  Definition(const Sessions& part, const Sight& sight)
      : part_(part),
        sight_(sight),
        sees_(part.nodes.size(), std::vector<bool>(part.nodes.size(), false)),
        before_(sees_) {}

  bool explained() {
    for (std::uint32_t r = 0; r < part_.nodes.size(); ++r) {
      if (part_.nodes[r].reads()) open_eyes(r);
    }
    for (std::uint32_t w = 0; w < part_.nodes.size(); ++w) {
      if (part_.nodes[w].writes) put_before(w);
    }
    for (std::uint32_t r = 0; r < part_.nodes.size(); ++r) {
      const Node& read = part_.nodes[r];
      if (!read.reads()) continue;
      for (std::uint32_t w = 0; w < part_.nodes.size(); ++w) {
        if (!sees_[r][w] || part_.nodes[w].key != read.key || w == read.from) continue;
        if (read.from == kInitialWrite) return false;
      }
    }
    return true;
  }

  // May `w` be the next in the order, after those `placed`?
  [[nodiscard]] bool may_follow(const std::vector<bool>& placed, std::uint32_t w) const {
    for (std::uint32_t other = 0; other < part_.nodes.size(); ++other) {
      if (before_[other][w] && !placed[other]) return false;  // also where w is before itself
    }
    // A read that saw w returned another write: that one must not be placed yet. A cas has seen itself where its session
    // had read its value before.
    for (std::uint32_t r = 0; r < part_.nodes.size(); ++r) {
      const Node& read = part_.nodes[r];
      if (!read.reads_node() || read.key != part_.nodes[w].key || !sees_[r][w]) continue;
      if (read.from != w && placed[read.from]) return false;
    }
    return true;
  }

 private:
  void see(std::uint32_t r, std::uint32_t w) {
    if (sees_[r][w]) return;
    sees_[r][w] = true;
    const std::uint32_t first = part_.first[part_.nodes[w].session];
    for (std::uint32_t other = first; other <= w; ++other) {
      const Node& node = part_.nodes[other];
      if (sight_.their_writes && node.writes && other != w) see(r, other);
      if (sight_.their_reads && node.reads_node()) see(r, node.from);
    }
  }
  void open_eyes(std::uint32_t r) {
    const Node& read = part_.nodes[r];
    if (read.reads_node()) see(r, read.from);
    for (std::uint32_t own = part_.first[read.session]; own < r; ++own) {
      const Node& node = part_.nodes[own];
      if (sight_.own_writes && node.writes) see(r, own);
      if (sight_.own_reads && node.reads_node()) see(r, node.from);
    }
  }
  void put_before(std::uint32_t w) {
    const std::uint32_t first = part_.first[part_.nodes[w].session];
    for (std::uint32_t other = first; other <= w; ++other) {
      const Node& node = part_.nodes[other];
      if (sight_.their_writes && node.writes && other != w) before_[other][w] = true;
      if (sight_.their_reads && node.reads_node()) before_[node.from][w] = true;
    }
  }

  const Sessions& part_;
  Sight sight_;
  std::vector<std::vector<bool>> sees_;    // [read][write]
  std::vector<std::vector<bool>> before_;  // [write][write]
};

}  // namespace

std::optional<bool> some_arbitration(const Sessions& part, const Sight& sight) {
  if (part.nodes.size() > kMost) return std::nullopt;
  Definition definition(part, sight);
  if (!definition.explained()) return false;
  std::vector<std::uint32_t> writes;
  for (std::uint32_t n = 0; n < part.nodes.size(); ++n) {
    if (part.nodes[n].writes) writes.push_back(n);
  }
  std::set<std::vector<bool>> tried;
  std::vector<std::vector<bool>> open{std::vector<bool>(part.nodes.size(), false)};
  while (!open.empty()) {
    const auto placed = std::move(open.back());
    open.pop_back();
    if (tried.size() > kStates) return std::nullopt;
    if (!tried.insert(placed).second) continue;
    bool all = true;
    for (const std::uint32_t w : writes) {
      if (placed[w]) continue;
      all = false;
      if (!definition.may_follow(placed, w)) continue;
      open.push_back(placed);
      open.back()[w] = true;
    }
    if (all) return true;
  }
  return false;
}

std::optional<bool> some_sequence(const Sessions& part) {
  if (part.nodes.size() > kMost) return std::nullopt;
  // A state: the next operation of each session, then the last write of each key.
  std::vector<std::uint32_t> keys;
  for (const Node& node : part.nodes) keys.push_back(node.key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  const std::size_t sessions = part.count();
  std::vector<std::uint32_t> start(part.first.begin(), part.first.end() - 1);
  start.resize(sessions + keys.size(), kInitialWrite);
  std::set<std::vector<std::uint32_t>> tried;
  std::vector<std::vector<std::uint32_t>> open{start};
  while (!open.empty()) {
    const auto state = std::move(open.back());
    open.pop_back();
    if (tried.size() > kStates) return std::nullopt;
    if (!tried.insert(state).second) continue;
    bool all = true;
    for (std::size_t s = 0; s < sessions; ++s) {
      if (state[s] == part.first[s + 1]) continue;
      all = false;
      const Node& node = part.nodes[state[s]];
      const auto key = std::lower_bound(keys.begin(), keys.end(), node.key) - keys.begin();
      const std::size_t held = sessions + static_cast<std::size_t>(key);
      if (node.reads() && node.from != state[held]) continue;
      auto next = state;
      ++next[s];
      if (node.writes) next[held] = state[s];
      open.push_back(std::move(next));
    }
    if (all) return true;
  }
  return false;
}

}  // namespace sunder::check::order
