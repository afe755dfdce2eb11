// Mode "lww": every node answers at once from what it has; the last write wins, and nodes tell each other in the background.
//
// Guarantee, for clients that stay at their node: each key by itself is causally consistent (so read-your-writes and
// monotonic-reads), and after the last write all nodes come to agree. Always available. Not more: of two writes at the same
// time one wins and the other is lost, reads are stale.
// Argument: a write's version is larger than any that its node has seen (a hybrid clock: Kulkarni et al., "Logical Physical
// Clocks", OPODIS 2014), so it is what the node shows next; a node only ever moves to larger versions, so a client that
// stays sees versions grow. Versions are unique and every node keeps the largest, so whoever has heard all agrees.
// With several keys there is no order between them: "causal" has that.
// Messages: tell(key, tag, value), at once to all, and every `gossip` all keys to one peer. Thread: one.
// Tested by tests/calibrate/calibrate_test.cpp.
#include <algorithm>
#include <map>

#include "nodes/mode.hpp"

namespace sunder::nodes {

extern const Mode lww_mode;

namespace {

constexpr int kKeysAtOnce = 64;

class Lww final : public Replica {
 public:
  Lww(const ReplicaConfig& config, Host& host) : config_(config), host_(host) {
    skew_ = config.bug == "clock-skew-lww";
    resurrect_ = config.bug == "resurrected-write";
    if (config.nodes > 1) host_.wake(config_.gossip, 0);
  }

  void request(const Request& request) override {
    Reply reply;
    reply.id = request.id;
    if (request.kind == Kind::read) {
      reply.value = values_[request.key].value;
    } else if (request.kind == Kind::write) {
      // The bug: versions by this node's clock alone, so a clock that is behind loses its own writes.
      clock_ = skew_ ? host_.wall() : std::max(clock_ + 1, host_.wall());
      const Versioned mine{{clock_, config_.self}, request.value};
      if (mine.tag > values_[request.key].tag) values_[request.key] = mine;
      for (NodeIndex to = 0; to < config_.nodes; ++to) tell(to, request.key, mine);
    } else {
      reply.answer = Answer::no;
      reply.text = "last write wins has reads and writes only";
    }
    host_.reply(std::move(reply));
  }

  void message(NodeIndex, const Message& m) override {
    clock_ = std::max(clock_, m.tag.time);
    Versioned& mine = values_[m.key];
    // The bug: what comes last wins, however old it is.
    if (resurrect_ || m.tag > mine.tag) mine = {m.tag, m.value};
  }

  void timer(std::uint64_t) override {
    next_peer_ = (next_peer_ + 1) % config_.nodes;
    if (next_peer_ == config_.self) next_peer_ = (next_peer_ + 1) % config_.nodes;
    auto at = values_.upper_bound(next_key_);
    for (int i = 0; i < kKeysAtOnce && i < static_cast<int>(values_.size()); ++i) {
      if (at == values_.end()) at = values_.begin();
      tell(next_peer_, at->first, at->second);
      next_key_ = at->first;
      ++at;
    }
    host_.wake(config_.gossip, 0);
  }

 private:
  void tell(NodeIndex to, const std::string& key, const Versioned& what) {
    if (to == config_.self || what.tag == Tag{}) return;
    Message m;
    m.key = key;
    m.tag = what.tag;
    m.value = what.value;
    host_.send(to, std::move(m));
  }

  const ReplicaConfig config_;
  Host& host_;
  bool skew_ = false;
  bool resurrect_ = false;
  std::int64_t clock_ = 0;  // the largest version seen
  std::map<std::string, Versioned> values_;
  NodeIndex next_peer_ = 0;
  std::string next_key_;
};

}  // namespace

const Mode lww_mode{
    "lww",
    "always answers; last write wins; read-your-writes and monotonic-reads for clients that stay",
    Offer::registers,
    false,
    false,
    true,
    {"causal", "read-your-writes", "monotonic-reads", "convergence"},
    {{"clock-skew-lww", "versions are the node's own clock, whatever it has seen", "causal"},
     {"resurrected-write", "what another node tells replaces a newer value", "monotonic-reads"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<Lww>(config, host);
    },
};

}  // namespace sunder::nodes
