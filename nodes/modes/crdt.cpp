// Mode "crdt": sets that only grow and counters that only count up; every node answers at once, and merging loses nothing.
//
// Guarantee: what was acknowledged is never lost and never counted twice: when all nodes have heard all, every set holds
// exactly what was added and every counter the exact sum. Before that a read may be old. Always available.
// Source: Shapiro et al., "Conflict-free Replicated Data Types", SSS 2011 (G-Set, G-Counter).
// Argument: a node's state is a set of elements, and per counter the sum that each node has counted by itself. Merging
// takes the union, and of each node's sum the larger: in any order, any number of times, the same result, and nothing
// gets smaller.
// Messages: elements(key, numbers), sums(key, numbers by node), at once and every `gossip` all of it, some at a time; bug
// duplicate-on-retry: delta(round, key, value) → got(round). Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <algorithm>
#include <map>
#include <set>

#include "nodes/mode.hpp"

namespace sunder::nodes {

extern const Mode crdt_mode;

namespace {

enum Type : std::uint32_t { kElements, kSums, kDelta, kGot };
constexpr std::size_t kElementsAtOnce = 256;
constexpr std::size_t kKeysAtOnce = 16;

struct GrowSet {
  std::set<std::int64_t> elements;
  std::int64_t told = 0;  // gossip goes on behind this element
};

class Crdt final : public Replica {
 public:
  Crdt(const ReplicaConfig& config, Host& host)
      : config_(config),
        host_(host),
        duplicate_(config.bug == "duplicate-on-retry"),
        replace_(config.bug == "lost-update") {
    if (config.nodes > 1) host_.wake(config_.gossip, 0);
  }

  void request(const Request& request) override {
    Reply reply;
    reply.id = request.id;
    if (request.kind == Kind::add) {
      sets_[request.key].elements.insert(request.value);
      to_all(elements_of(request.key, {request.value}));
    } else if (request.kind == Kind::increment && request.value >= 0) {
      increment(request);
    } else if (request.kind == Kind::read) {
      read(request.key, reply);
    } else {
      reply.answer = Answer::no;
      reply.text = "this mode has sets to add to and counters to count up";
    }
    host_.reply(std::move(reply));
  }

  void message(NodeIndex from, const Message& m) override {
    if (m.type == kElements) {
      auto& mine = sets_[m.key].elements;
      if (replace_ && m.numbers.size() > 1) mine.clear();  // the bug: replaces, not joins
      mine.insert(m.numbers.begin(), m.numbers.end());
    } else if (m.type == kSums) {
      auto& mine = sums(m.key);
      for (std::size_t n = 0; n < mine.size() && n < m.numbers.size(); ++n) {
        mine[n] = std::max(mine[n], m.numbers[n]);
      }
    } else if (m.type == kDelta) {
      sums(m.key)[from] += m.value.value_or(0);  // the bug: also when it comes a second time
      Message got;
      got.type = kGot;
      got.round = m.round;
      host_.send(from, std::move(got));
    } else if (m.type == kGot) {
      const auto at = unheard_.find(m.round);
      if (at != unheard_.end()) unheard_.erase(at);
    }
  }

  void timer(std::uint64_t) override {
    next_peer_ = (next_peer_ + 1) % config_.nodes;
    if (next_peer_ == config_.self) next_peer_ = (next_peer_ + 1) % config_.nodes;
    auto at = sets_.size() > kKeysAtOnce ? sets_.upper_bound(told_key_) : sets_.begin();
    for (std::size_t i = 0; i < kKeysAtOnce && i < sets_.size(); ++i) {
      if (at == sets_.end()) at = sets_.begin();
      host_.send(next_peer_, elements_of(at->first, some_of(at->second)));
      told_key_ = at->first;
      ++at;
    }
    if (!duplicate_) {
      for (auto& [key, counted] : sums_) host_.send(next_peer_, sums_of(key, counted));
    }
    for (auto& [round, delta] : unheard_) host_.send(delta.first, delta.second);
    host_.wake(config_.gossip, 0);
  }

 private:
  void increment(const Request& request) {
    auto& counted = sums(request.key);
    counted[config_.self] += request.value;
    if (!duplicate_) {
      to_all(sums_of(request.key, counted));
      return;
    }
    for (NodeIndex to = 0; to < config_.nodes; ++to) {  // the bug: tells by how much, not how many
      if (to == config_.self) continue;
      Message delta;
      delta.type = kDelta;
      delta.round = ++last_round_;
      delta.key = request.key;
      delta.value = request.value;
      unheard_[delta.round] = {to, delta};
      host_.send(to, std::move(delta));
    }
  }

  // A key that was counted is a counter, any other a set.
  void read(const std::string& key, Reply& reply) {
    const auto counted = sums_.find(key);
    if (counted != sums_.end()) {
      std::int64_t sum = 0;
      for (const std::int64_t part : counted->second) sum += part;
      reply.value = sum;
      return;
    }
    const auto& elements = sets_[key].elements;
    reply.is_list = true;
    reply.list.assign(elements.begin(), elements.end());
  }

  // All of a small set; of a large one the next few, in turns.
  static std::vector<std::int64_t> some_of(GrowSet& set) {
    const auto& all = set.elements;
    if (all.size() <= kElementsAtOnce) return {all.begin(), all.end()};
    std::vector<std::int64_t> out;
    for (auto at = all.upper_bound(set.told); out.size() < kElementsAtOnce; ++at) {
      if (at == all.end()) at = all.begin();
      out.push_back(*at);
    }
    set.told = out.back();
    return out;
  }

  std::vector<std::int64_t>& sums(const std::string& key) {
    auto& out = sums_[key];
    out.resize(config_.nodes, 0);
    return out;
  }

  static Message elements_of(const std::string& key, std::vector<std::int64_t> elements) {
    Message m;
    m.type = kElements;
    m.key = key;
    m.numbers = std::move(elements);
    return m;
  }

  static Message sums_of(const std::string& key, const std::vector<std::int64_t>& counted) {
    Message m;
    m.type = kSums;
    m.key = key;
    m.numbers = counted;
    return m;
  }

  void to_all(const Message& m) {
    for (NodeIndex to = 0; to < config_.nodes; ++to) {
      if (to != config_.self) host_.send(to, m);
    }
  }

  const ReplicaConfig config_;
  Host& host_;
  const bool duplicate_;
  const bool replace_;
  std::map<std::string, GrowSet> sets_;
  std::map<std::string, std::vector<std::int64_t>> sums_;  // by counter: each node's own sum
  std::map<std::uint64_t, std::pair<NodeIndex, Message>>
      unheard_;  // of the bug: deltas without answer
  std::uint64_t last_round_ = 0;
  NodeIndex next_peer_ = 0;
  std::string told_key_;  // gossip goes on behind this set
};

}  // namespace

const Mode crdt_mode{
    "crdt",
    "always answers; sets that grow and counters that count up; merging loses and doubles nothing",
    Offer::collections,
    false,
    false,
    false,
    {"set", "counter"},
    {{"duplicate-on-retry", "an increment that is told again is counted again", "counter"},
     {"lost-update", "the set that another node tells replaces its own instead of joining it",
      "set"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<Crdt>(config, host);
    },
};

}  // namespace sunder::nodes
