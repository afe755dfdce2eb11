// Zones: see zones.hpp for the idea and the proof. Tested by tests/check/linearizable_test.cpp.
#include "check/zones.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "check/value_index.hpp"

namespace sunder::check {

namespace {

constexpr std::size_t kLookEvery = 1U << 16U;  // operations between two looks at the clock

struct Cluster {
  std::uint32_t producer = kNone;    // the write or cas; kNone: the initial value
  std::uint32_t next = kNone;        // cluster of the cas that took this value
  std::uint32_t first_end = kNone;   // the operation of lo
  std::uint32_t last_begin = kNone;  // the operation of hi
  std::uint32_t reason =
      kNone;  // why a pending producer took effect: an operation that observed its value
  Nanos lo = kNever;
  Nanos hi = kEver;
  bool effective = false;
  bool placed = false;  // in a block
};

struct Block {
  Nanos lo = kNever;
  Nanos hi = kEver;
  std::uint32_t first_end = kNone;  // places in the order of clusters
  std::uint32_t last_begin = kNone;
};

// One more than the greatest id that an operation or the initial value has.
std::size_t ids_of(const std::vector<RegisterOp>& ops, ValueId initial) {
  ValueId most = std::max(initial, kUnknown);
  for (const RegisterOp& op : ops) most = std::max({most, op.in, op.out});
  return std::size_t{most} + 1;
}

class Zones {
 public:
  Zones(const std::vector<RegisterOp>& ops, ValueId initial, const Deadline* deadline)
      : ops_(ops),
        deadline_(deadline),
        values_(2 * ops.size() + 1, ids_of(ops, initial)),
        cluster_of_op_(ops.size(), kNone) {
    clusters_.reserve(ops.size() + 1);
    clusters_.emplace_back();
    clusters_[0].effective = true;
    clusters_[0].lo = kEver;
    set_cluster(initial, 0);
  }

  ZoneVerdict judge() {
    verdict_.legal = add_producers() && find_effective() && fill_clusters() && link_chains() &&
                     order_blocks() && blocks_agree() && differs_agree();
    std::sort(verdict_.proof.begin(), verdict_.proof.end());
    verdict_.proof.erase(std::unique(verdict_.proof.begin(), verdict_.proof.end()),
                         verdict_.proof.end());
    return std::move(verdict_);
  }

 private:
  [[nodiscard]] bool over(std::size_t step) {
    if (deadline_ == nullptr || step % kLookEvery != 0) return false;
    verdict_.stopped = deadline_->exceeded();
    return verdict_.stopped != nullptr;
  }
  void set_cluster(ValueId value, std::uint32_t cluster) {
    const std::uint32_t number = values_.add(value);
    if (number >= cluster_of_value_.size()) cluster_of_value_.resize(number + 1, kNone);
    cluster_of_value_[number] = cluster;
  }
  [[nodiscard]] std::uint32_t cluster_of(ValueId value) const {
    const std::uint32_t number = values_.find(value);
    return number == kNone ? kNone : cluster_of_value_[number];
  }

  bool add_producers() {
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
      if (over(i)) return false;
      if (!ops_[i].produces()) continue;
      cluster_of_op_[i] = static_cast<std::uint32_t>(clusters_.size());
      Cluster& cluster = clusters_.emplace_back();
      cluster.producer = i;
      cluster.effective = !ops_[i].pending;
      // A value that is left twice is observed by nobody, so the initial value's cluster must stay what it is.
      if (cluster_of(ops_[i].out) != 0) set_cluster(ops_[i].out, cluster_of_op_[i]);
    }
    return true;
  }

  // The operation took effect, so the value that it observed was there, so the operation that left it took effect.
  bool find_effective() {
    std::vector<std::uint32_t> open;
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
      if (ops_[i].kind == RegisterKind::impossible) return refuse({i});
      if (ops_[i].observes() && !ops_[i].pending) open.push_back(i);
    }
    for (std::size_t step = 0; !open.empty(); ++step) {
      if (over(step)) return false;
      const std::uint32_t i = open.back();
      open.pop_back();
      const std::uint32_t c = cluster_of(ops_[i].in);
      if (c == kNone) return refuse({i, aborted_producer(ops_[i].in)});
      if (std::exchange(clusters_[c].effective, true)) continue;
      clusters_[c].reason = i;
      if (ops_[clusters_[c].producer].kind == RegisterKind::cas) {
        open.push_back(clusters_[c].producer);
      }
    }
    return true;
  }

  [[nodiscard]] std::uint32_t aborted_producer(ValueId value) const {
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
      if (ops_[i].kind == RegisterKind::aborted && ops_[i].out == value) return i;
    }
    return kNone;
  }

  void join(Cluster& cluster, std::uint32_t i) {
    if (ops_[i].end < cluster.lo) {
      cluster.lo = ops_[i].end;
      cluster.first_end = i;
    }
    if (ops_[i].begin > cluster.hi) {
      cluster.hi = ops_[i].begin;
      cluster.last_begin = i;
    }
  }

  bool fill_clusters() {
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
      if (over(i)) return false;
      if (ops_[i].produces()) {
        if (clusters_[cluster_of_op_[i]].effective) join(clusters_[cluster_of_op_[i]], i);
      } else if (ops_[i].kind == RegisterKind::read) {
        Cluster& cluster = clusters_[cluster_of(ops_[i].in)];
        join(cluster, i);
        if (cluster.producer != kNone && ops_[i].end < ops_[cluster.producer].begin) {
          return refuse({i, cluster.producer});  // read before it was written
        }
      }
    }
    return true;
  }

  bool link_chains() {
    for (std::uint32_t c = 1; c < clusters_.size(); ++c) {
      if (over(c)) return false;
      const RegisterOp& producer = ops_[clusters_[c].producer];
      if (!clusters_[c].effective || producer.kind != RegisterKind::cas) continue;
      verdict_.chains = true;
      Cluster& before = clusters_[cluster_of(producer.in)];
      if (before.next != kNone) {  // two cas took the same value, and it can't come back
        return refuse({before.producer, clusters_[before.next].producer, clusters_[c].producer});
      }
      before.next = c;
    }
    return true;
  }

  bool order_blocks() {
    order_.reserve(clusters_.size());
    blocks_.reserve(clusters_.size());
    for (std::uint32_t c = 0; c < clusters_.size(); ++c) {
      if (over(c)) return false;
      const Cluster& head = clusters_[c];
      const bool heads = head.producer == kNone || ops_[head.producer].kind == RegisterKind::write;
      if (head.effective && heads && !add_block(c)) return false;
    }
    for (std::uint32_t c = 1; c < clusters_.size(); ++c) {
      if (over(c)) return false;
      if (!clusters_[c].effective || clusters_[c].placed) continue;
      std::vector<std::uint32_t> loop;  // cas that need each other's values: none can be the first
      for (std::uint32_t at = c; !clusters_[at].placed; at = clusters_[at].next) {
        clusters_[at].placed = true;
        loop.push_back(clusters_[at].producer);
        if (clusters_[at].next == kNone) break;
      }
      return refuse(std::move(loop));
    }
    return true;
  }

  bool add_block(std::uint32_t head) {
    Block block;
    for (std::uint32_t c = head; c != kNone; c = clusters_[c].next) {
      Cluster& cluster = clusters_[c];
      cluster.placed = true;
      const auto place = static_cast<std::uint32_t>(order_.size());
      order_.push_back(c);
      if (cluster.lo < block.hi) {  // something of it came before something of an earlier link
        auto proof = chain(block.last_begin, place);
        proof.push_back(cluster.first_end);
        proof.push_back(clusters_[order_[block.last_begin]].last_begin);
        return refuse(std::move(proof));
      }
      if (cluster.lo < block.lo || c == head) {
        block.lo = cluster.lo;
        block.first_end = place;
      }
      if (cluster.hi > block.hi || c == head) {
        block.hi = cluster.hi;
        block.last_begin = place;
      }
    }
    blocks_.push_back(block);
    return true;
  }

  // Producers of the clusters between two places of a block, both included.
  [[nodiscard]] std::vector<std::uint32_t> chain(std::uint32_t a, std::uint32_t b) const {
    std::vector<std::uint32_t> ops;
    for (std::uint32_t p = std::min(a, b); p <= std::max(a, b); ++p) {
      ops.push_back(clusters_[order_[p]].producer);
    }
    return ops;
  }

  bool blocks_agree() {
    std::sort(blocks_.begin(), blocks_.end(),
              [](const Block& a, const Block& b) { return a.lo < b.lo; });
    std::vector<std::uint32_t> greatest(blocks_.size());  // block with the greatest hi up to here
    for (std::uint32_t j = 0; j < blocks_.size(); ++j) {
      if (over(j)) return false;
      const Block& block = blocks_[j];
      std::uint32_t before = j;  // blocks [0, before) have lo < hi of this one and come earlier
      if (block.hi <= block.lo) {
        const auto place = std::partition_point(blocks_.begin(), blocks_.begin() + j,
                                                [&](const Block& b) { return b.lo < block.hi; });
        before = static_cast<std::uint32_t>(place - blocks_.begin());
      }
      if (before > 0 && blocks_[greatest[before - 1]].hi > block.lo) {
        return refuse_pair(blocks_[greatest[before - 1]], block);
      }
      greatest[j] = j > 0 && blocks_[greatest[j - 1]].hi >= block.hi ? greatest[j - 1] : j;
    }
    return true;
  }

  bool refuse_pair(const Block& a, const Block& b) {
    std::vector<std::uint32_t> proof;
    for (const Block* block : {&a, &b}) {
      for (const std::uint32_t op : chain(block->first_end, block->last_begin)) proof.push_back(op);
      proof.push_back(clusters_[order_[block->first_end]].first_end);
      proof.push_back(clusters_[order_[block->last_begin]].last_begin);
    }
    return refuse(std::move(proof));
  }

  // "Not v", observed while v was surely there: v had been seen before, and was seen again (or taken by a cas) after.
  bool differs_agree() {
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
      if (over(i)) return false;
      if (ops_[i].kind != RegisterKind::differs) continue;
      const std::uint32_t c = cluster_of(ops_[i].in);
      if (c == kNone || !clusters_[c].effective) continue;  // v need never have been there
      const Cluster& cluster = clusters_[c];
      std::uint32_t last = cluster.last_begin;
      if (cluster.next != kNone) {
        const std::uint32_t taker = clusters_[cluster.next].producer;
        if (ops_[taker].begin > cluster.hi) last = taker;
      }
      const Nanos hi = last == kNone ? kEver : ops_[last].begin;
      if (cluster.lo < ops_[i].begin && ops_[i].end < hi) {
        return refuse({i, cluster.producer, cluster.first_end, last});
      }
      ++verdict_.open_differs;
    }
    return true;
  }

  // RETURNS false, with the proof and what made its pending operations take effect.
  bool refuse(std::vector<std::uint32_t> proof) {
    for (std::size_t k = 0; k < proof.size(); ++k) {
      if (proof[k] == kNone || !ops_[proof[k]].pending) continue;
      const std::uint32_t reason = clusters_[cluster_of_op_[proof[k]]].reason;
      if (std::find(proof.begin(), proof.end(), reason) == proof.end()) proof.push_back(reason);
    }
    proof.erase(std::remove(proof.begin(), proof.end(), kNone), proof.end());
    verdict_.proof = std::move(proof);
    return false;
  }

  const std::vector<RegisterOp>& ops_;
  const Deadline* deadline_;  // nullptr: none
  ValueIndex values_;
  std::vector<std::uint32_t> cluster_of_value_;
  std::vector<std::uint32_t> cluster_of_op_;
  std::vector<Cluster> clusters_;
  std::vector<std::uint32_t> order_;  // clusters, block after block
  std::vector<Block> blocks_;
  ZoneVerdict verdict_;
};

// For each value: by how many operations it was left (the initial value by one more), and whether anybody observes it.
struct ValueUse {
  ValueUse(const std::vector<RegisterOp>& ops, ValueId initial, const Deadline* deadline = nullptr)
      : values(2 * ops.size() + 1, ids_of(ops, initial)) {
    use(initial).left = 1;
    std::size_t step = 0;
    for (const auto& op : ops) {
      if (deadline != nullptr && step++ % kLookEvery == 0 && deadline->exceeded() != nullptr)
        return;
      if (op.produces()) ++use(op.out).left;
      if (op.observes() || op.kind == RegisterKind::differs) use(op.in).observed = true;
    }
  }
  struct Use {
    std::uint32_t left = 0;
    bool observed = false;
  };
  Use& use(ValueId value) {
    const std::uint32_t number = values.add(value);
    if (number >= uses.size()) uses.resize(number + 1);
    return uses[number];
  }
  bool unique(ValueId value) { return use(value).left <= 1; }

  ValueIndex values;
  std::vector<Use> uses;
};

}  // namespace

bool observed_values_unique(const std::vector<RegisterOp>& ops, ValueId initial,
                            const Deadline* deadline) {
  const ValueUse all(ops, initial, deadline);
  return std::none_of(all.uses.begin(), all.uses.end(),
                      [](const auto& use) { return use.observed && use.left > 1; });
}

ZoneVerdict judge_zones(const std::vector<RegisterOp>& ops, ValueId initial,
                        const Deadline* deadline) {
  return Zones(ops, initial, deadline).judge();
}

std::vector<RegisterOp> unique_part(const std::vector<RegisterOp>& ops, ValueId initial) {
  ValueUse all(ops, initial);
  std::vector<RegisterOp> part;
  for (RegisterOp op : ops) {
    const bool keeps_in = op.in == kUnknown || all.unique(op.in);
    const bool keeps_out = op.out == kUnknown || all.unique(op.out);
    switch (op.kind) {
      case RegisterKind::read:
        if (!keeps_in) continue;
        break;
      case RegisterKind::write:
        if (!keeps_out) continue;
        break;
      case RegisterKind::cas:
        if (!keeps_out) {
          if (!keeps_in || op.pending) continue;
          op.kind = RegisterKind::read;
          op.out = kUnknown;
        } else if (!keeps_in) {
          op.kind = RegisterKind::write;
          op.in = kUnknown;
        }
        break;
      case RegisterKind::differs: continue;
      case RegisterKind::impossible:
      case RegisterKind::aborted: break;
    }
    part.push_back(op);
  }
  return part;
}

}  // namespace sunder::check
