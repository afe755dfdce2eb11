// Mode "quorum": registers that a majority keeps, without any leader.
//
// Guarantee: linearizable reads and writes while a majority of the nodes answers; no compare-and-set (that would need
// consensus). Source: Attiya, Bar-Noy, Dolev, "Sharing Memory Robustly in Message-Passing Systems", JACM 1995; for several
// writers Lynch and Shvartsman, FTCS 1997.
//
//   write  ask a majority for its tags; take a larger one, (counter, node); store it at a majority
//   read   ask a majority for tag and value; store the largest at a majority (write-back), then answer with it
//
// Argument: order operations by tag, a write before the reads of its tag. Whatever ended before an operation began stored
// its tag at a majority; the operation's first phase meets that majority in at least one node, so a read returns this tag
// or a larger one and a write takes a larger one. A node never gives a tag twice (`issued_`), so tags name writes. The
// write-back may be left out where the whole majority told the same tag: a majority has it then.
// Price: two rounds to a majority (a read mostly one); a side without a majority answers nothing.
// Messages: those of majority.hpp.
// Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <algorithm>
#include <map>

#include "nodes/mode.hpp"
#include "nodes/modes/majority.hpp"

namespace sunder::nodes {

extern const Mode quorum_mode;

namespace {

class Quorum final : public Replica {
 public:
  Quorum(const ReplicaConfig& config, Host& host) : config_(config), host_(host) {
    stale_read_ = config.bug == "stale-read";
    no_write_back_ = config.bug == "no-write-back";
    small_write_ = config.bug == "small-write-quorum";
  }

  void request(const Request& request) override {
    if (request.kind != Kind::read && request.kind != Kind::write) {
      all_.end(request.id, Answer::no, {}, "a quorum of registers has reads and writes only");
      return;
    }
    if (stale_read_ && request.kind == Kind::read) {  // the bug: what this node has is good enough
      all_.end(request.id, Answer::ok, all_.mine(request.key).value, "");
      return;
    }
    Round& open = open_[request.id];
    open.request = request;
    open.deadline = host_.now() + config_.give_up;
    all_.ask(open);
    report(request.id, config_.self, all_.mine(request.key));
  }

  void message(NodeIndex from, const Message& m) override {
    if (all_.serve(from, m)) return;
    if (m.type == Majority::kReport) report(m.round, from, {m.tag, m.value});
    if (m.type == Majority::kStored) stored(m.round, from);
  }

  void timer(std::uint64_t id) override {
    const auto at = open_.find(id);
    if (at == open_.end()) return;
    if (host_.now() < at->second.deadline) {
      all_.ask(at->second);
      return;
    }
    const bool begun = at->second.storing && at->second.request.kind == Kind::write;
    open_.erase(at);
    all_.end(id, begun ? Answer::unknown : Answer::no, {}, "no majority answers");
  }

 private:
  void report(std::uint64_t id, NodeIndex from, const Versioned& told) {
    const auto at = open_.find(id);
    if (at == open_.end() || at->second.storing) return;
    Round& open = at->second;
    open.hear(from, told);
    if (open.answers() < config_.majority()) return;
    if (open.request.kind == Kind::read) {
      if (open.same || no_write_back_) {  // the bug: nobody else is told what was read
        finish(at);
        return;
      }
    } else {
      std::int64_t& issued = issued_[open.request.key];
      issued = std::max(issued, open.best.tag.time) + 1;
      open.best = {{issued, config_.self}, open.request.value};
    }
    open.begin_store();
    all_.keep(open.request.key, open.best);
    all_.ask(open);
    stored(id, config_.self);
  }

  void stored(std::uint64_t id, NodeIndex from) {
    const auto at = open_.find(id);
    if (at == open_.end() || !at->second.storing) return;
    at->second.heard |= 1U << from;
    const bool write = at->second.request.kind == Kind::write;
    if (at->second.answers() >= (small_write_ && write ? 1 : config_.majority())) finish(at);
  }

  void finish(std::map<std::uint64_t, Round>::iterator at) {
    const bool read = at->second.request.kind == Kind::read;
    const Value value = read ? at->second.best.value : Value();
    const std::uint64_t id = at->first;
    open_.erase(at);
    all_.end(id, Answer::ok, value, "");
  }

  const ReplicaConfig config_;
  Host& host_;
  Majority all_{config_, host_};
  bool stale_read_ = false;
  bool no_write_back_ = false;
  bool small_write_ = false;
  std::map<std::string, std::int64_t> issued_;  // by key: the largest counter that this node gave
  std::map<std::uint64_t, Round> open_;
};

}  // namespace

const Mode quorum_mode{
    "quorum",
    "linearizable registers while a majority answers (Attiya, Bar-Noy, Dolev)",
    Offer::registers,
    false,
    true,
    false,
    {"linearizable"},
    {{"stale-read", "a read answers with what this node has", "linearizable"},
     {"no-write-back", "a read does not store what it saw at a majority", "linearizable"},
     {"small-write-quorum", "a write is acknowledged when one node has it", "linearizable"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<Quorum>(config, host);
    },
};

}  // namespace sunder::nodes
