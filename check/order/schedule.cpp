// Building a sequence: see schedule.hpp.
#include "check/order/schedule.hpp"

#include <algorithm>
#include <unordered_set>

namespace sunder::check::order {

namespace {

struct Hash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash& other) const { return low == other.low && high == other.high; }
};
struct TakeLow {
  std::size_t operator()(const Hash& hash) const { return hash.low; }
};

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

class Scheduler {
 public:
  Scheduler(const History& history, const Sessions& sessions, const std::vector<Edge>& forced,
            const Deadline& deadline, std::uint64_t memory_bytes)
      : sessions_(sessions),
        forced_(static_cast<std::uint32_t>(sessions.nodes.size()), forced),
        deadline_(deadline),
        memory_(memory_bytes),
        next_(sessions.first.begin(), sessions.first.end() - 1),
        waits_(sessions.nodes.size(), 0),
        readers_(sessions.nodes.size(), 0),
        initial_readers_(sessions.keys, 0),
        held_(sessions.keys, kInitialWrite) {
    for (const Edge& edge : forced) ++waits_[edge.to];
    for (const Node& node : sessions.nodes) {
      if (node.reads()) ++readers_of(node.key, node.from);
    }
    set_priorities(history);
    for (std::uint32_t s = 0; s < sessions.count(); ++s) alive_.push_back(s);
  }

  Schedule run(std::uint64_t steps) {
    Schedule out;
    for (std::uint64_t step = 0;; ++step) {
      take_reads();
      if (done_.size() == sessions_.nodes.size()) {
        out.outcome = Schedule::Outcome::found;
        out.sequence = done_;
        return out;
      }
      if (step % kAskEvery == 0) {
        out.stopped = deadline_.exceeded();
        if (bytes() > memory_) out.stopped = "budget.memory";
      }
      if (steps != 0 && step >= steps) out.stopped = "budget.time";
      if (out.stopped != nullptr) {
        out.outcome = Schedule::Outcome::stopped;
        return out;
      }
      if (!advance()) return out;
    }
  }

 private:
  // A moment at which several writes could be next.
  struct Choice {
    std::size_t done;                   // so many were taken before
    std::vector<std::uint32_t> others;  // still to be tried, the best last
  };

  [[nodiscard]] std::uint64_t bytes() const { return tried_.size() * 48 + choices_.size() * 64; }

  std::uint32_t& readers_of(std::uint32_t key, std::uint32_t from) {
    return from == kInitialWrite ? initial_readers_[key] : readers_[from];
  }

  // When a write was first needed, at the latest: zones put the writes of a linearizable history into this order.
  void set_priorities(const History& history) {
    std::vector<Nanos> first(sessions_.nodes.size(), kNever);  // by write: least end
    std::vector<Nanos> last(sessions_.nodes.size(), 0);        // by write: greatest begin
    for (std::uint32_t n = 0; n < sessions_.nodes.size(); ++n) {
      const Node& node = sessions_.nodes[n];
      const Op& op = history.ops[node.op];
      const Nanos end = op.outcome == EventType::info ? kNever : op.completed;
      const auto touch = [&](std::uint32_t write) {
        first[write] = std::min(first[write], end);
        last[write] = std::max(last[write], op.invoked);
      };
      if (node.writes) touch(n);
      if (node.reads_node()) touch(node.from);
    }
    priority_.resize(sessions_.nodes.size());
    for (std::uint32_t n = 0; n < sessions_.nodes.size(); ++n) {
      priority_[n] = std::min(first[n], last[n]);
    }
  }

  [[nodiscard]] bool at_end(std::uint32_t s) const { return next_[s] == sessions_.first[s + 1]; }

  void take_reads() {
    for (bool moved = true; moved;) {
      moved = false;
      for (const std::uint32_t s : alive_) {
        while (!at_end(s)) {
          const Node& node = sessions_.nodes[next_[s]];
          if (node.writes || node.from != held_[node.key] || waits_[next_[s]] != 0) break;
          take(s);
          moved = true;
        }
      }
    }
    if (++rounds_ % 64 == 0) {
      std::erase_if(alive_, [this](std::uint32_t s) { return at_end(s); });
    }
  }

  [[nodiscard]] bool may_write(std::uint32_t s) {
    const std::uint32_t id = next_[s];
    const Node& node = sessions_.nodes[id];
    if (!node.writes || waits_[id] != 0) return false;
    const std::uint32_t waiting = readers_of(node.key, held_[node.key]);
    if (!node.reads()) return waiting == 0;
    return node.from == held_[node.key] && waiting == 1;
  }

  void flip(std::uint64_t what) {
    hash_.low ^= mix(what);
    hash_.high ^= mix(what ^ 0xA5A5A5A5A5A5A5A5ULL);
  }
  void flip_held(std::uint32_t key) { flip(std::uint64_t{key} << 33U | 1U << 31U | held_[key]); }

  void take(std::uint32_t s) {
    const std::uint32_t id = next_[s]++;
    const Node& node = sessions_.nodes[id];
    flip(std::uint64_t{id} << 1U << 33U | 1U);
    if (node.reads()) --readers_of(node.key, node.from);
    if (node.writes) {
      replaced_.push_back(held_[node.key]);
      flip_held(node.key);
      held_[node.key] = id;
      flip_held(node.key);
    }
    forced_.each_from(id, [this](std::uint32_t to) { --waits_[to]; });
    done_.push_back(id);
  }

  void take_back() {
    const std::uint32_t id = done_.back();
    done_.pop_back();
    const Node& node = sessions_.nodes[id];
    forced_.each_from(id, [this](std::uint32_t to) { ++waits_[to]; });
    if (node.writes) {
      flip_held(node.key);
      held_[node.key] = replaced_.back();
      replaced_.pop_back();
      flip_held(node.key);
    }
    if (node.reads()) ++readers_of(node.key, node.from);
    flip(std::uint64_t{id} << 1U << 33U | 1U);
    --next_[node.session];
  }

  // The next write: the best of those possible, or an untried one of an earlier choice. RETURNS false if none is left.
  bool advance() {
    std::vector<std::uint32_t> possible;
    if (tried_.insert(hash_).second) {
      for (const std::uint32_t s : alive_) {
        if (!at_end(s) && may_write(s)) possible.push_back(s);
      }
    }
    std::sort(possible.begin(), possible.end(), [this](std::uint32_t a, std::uint32_t b) {
      return priority_[next_[a]] > priority_[next_[b]];
    });
    if (!possible.empty()) {
      const std::uint32_t best = possible.back();
      possible.pop_back();
      if (!possible.empty()) choices_.push_back({done_.size(), std::move(possible)});
      take(best);
      return true;
    }
    if (choices_.empty()) return false;
    while (done_.size() > choices_.back().done) take_back();
    alive_.clear();
    for (std::uint32_t s = 0; s < sessions_.count(); ++s) {
      if (!at_end(s)) alive_.push_back(s);
    }
    const std::uint32_t other = choices_.back().others.back();
    choices_.back().others.pop_back();
    if (choices_.back().others.empty()) choices_.pop_back();
    take(other);
    return true;
  }

  const Sessions& sessions_;
  Graph forced_;
  const Deadline& deadline_;
  std::uint64_t memory_;
  std::vector<std::uint32_t> next_;             // by session: its next node
  std::vector<std::uint32_t> waits_;            // by node: forced predecessors still to come
  std::vector<std::uint32_t> readers_;          // by write: its reads still to come
  std::vector<std::uint32_t> initial_readers_;  // by key
  std::vector<std::uint32_t> held_;             // by key: the last write
  std::vector<Nanos> priority_;                 // by write
  std::vector<std::uint32_t> alive_;            // sessions with operations left (and some without)
  std::uint64_t rounds_ = 0;
  std::vector<std::uint32_t> done_;
  std::vector<std::uint32_t> replaced_;  // by write in `done_`: what it replaced
  std::vector<Choice> choices_;
  std::unordered_set<Hash, TakeLow> tried_;
  Hash hash_;
};

}  // namespace

Schedule find_schedule(const History& history, const Sessions& sessions,
                       const std::vector<Edge>& forced, const Deadline& deadline,
                       std::uint64_t memory_bytes, std::uint64_t steps) {
  return Scheduler(history, sessions, forced, deadline, memory_bytes).run(steps);
}

bool replay(const Sessions& sessions, const std::vector<std::uint32_t>& sequence) {
  if (sequence.size() != sessions.nodes.size()) return false;
  std::vector<std::uint32_t> next = sessions.first;
  std::vector<std::uint32_t> held(sessions.keys, kInitialWrite);
  for (const std::uint32_t id : sequence) {
    const Node& node = sessions.nodes[id];
    if (next[node.session]++ != id) return false;
    if (node.reads() && node.from != held[node.key]) return false;
    if (node.writes) held[node.key] = id;
  }
  return true;
}

}  // namespace sunder::check::order
