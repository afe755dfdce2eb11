// Mode "commit-wait": a quorum of registers whose versions are times of the nodes' clocks, with a stated uncertainty.
//
// Guarantee: linearizable reads and writes while a majority answers and no clock is farther than `uncertainty` from the
// true time. Source: the commit wait of Corbett et al., "Spanner", OSDI 2012, section 4.1.2, on registers of a majority.
//
//   write  stamp = clock + uncertainty, so not before the true time; store it at a majority; wait until
//          clock - uncertainty > stamp, so until the stamp has surely passed; answer
//   read   ask a majority for stamp and value; where they differ, store the largest at a majority; wait likewise; answer
//
// Argument: order operations by stamp. If a write or a read of stamp s ended before a write began, s had passed by then,
// and the later write's stamp is not before the true time: it is larger. If it ended before a read began, s is at a
// majority and the read meets it. A write that a larger stamp overtakes was open together with that one, or before it.
// One round less than "quorum" for a write, paid by waiting twice the uncertainty. A clock that is off by more breaks it.
// Messages: those of majority.hpp.
// Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <algorithm>
#include <map>

#include "nodes/mode.hpp"
#include "nodes/modes/majority.hpp"

namespace sunder::nodes {

extern const Mode commit_wait_mode;

namespace {

struct Open {
  Round round;
  bool waiting = false;  // for the stamp to pass: the last phase
};
using OpenMap = std::map<std::uint64_t, Open>;

class CommitWait final : public Replica {
 public:
  CommitWait(const ReplicaConfig& config, Host& host)
      : config_(config), host_(host), no_wait_(config.bug == "no-commit-wait") {}

  void request(const Request& request) override {
    if (request.kind != Kind::read && request.kind != Kind::write) {
      all_.end(request.id, Answer::no, {}, "this mode has reads and writes only");
      return;
    }
    Round& round = open_[request.id].round;
    round.request = request;
    round.deadline = host_.now() + config_.give_up;
    if (request.kind == Kind::read) {
      all_.ask(round);
      report(request.id, config_.self, all_.mine(request.key));
      return;
    }
    last_stamp_ = std::max(last_stamp_ + 1, host_.wall() + config_.uncertainty);
    round.best = {{last_stamp_, config_.self}, request.value};
    store(round);
  }

  void message(NodeIndex from, const Message& m) override {
    if (all_.serve(from, m)) return;
    if (m.type == Majority::kReport) report(m.round, from, {m.tag, m.value});
    if (m.type == Majority::kStored) stored(m.round, from);
  }

  void timer(std::uint64_t id) override {
    const auto at = open_.find(id);
    if (at == open_.end()) return;
    const Round& round = at->second.round;
    if (at->second.waiting) {
      wait_out(at);
    } else if (host_.now() < round.deadline) {
      all_.ask(round);
    } else {
      const bool write = round.request.kind == Kind::write;
      open_.erase(at);
      all_.end(id, write ? Answer::unknown : Answer::no, {}, "no majority answers");
    }
  }

 private:
  void store(Round& round) {
    round.begin_store();
    all_.keep(round.request.key, round.best);
    all_.ask(round);
    stored(round.request.id, config_.self);
  }

  void report(std::uint64_t id, NodeIndex from, const Versioned& told) {
    const auto at = open_.find(id);
    if (at == open_.end() || at->second.waiting || at->second.round.storing) return;
    Round& round = at->second.round;
    round.hear(from, told);
    if (round.answers() < config_.majority()) return;
    if (round.same) {
      wait_out(at);
    } else {
      store(round);
    }
  }

  void stored(std::uint64_t id, NodeIndex from) {
    const auto at = open_.find(id);
    if (at == open_.end() || at->second.waiting || !at->second.round.storing) return;
    at->second.round.heard |= 1U << from;
    if (at->second.round.answers() >= config_.majority()) wait_out(at);
  }

  // Answers when the stamp has surely passed.
  void wait_out(OpenMap::iterator at) {
    const Round& round = at->second.round;
    const Nanos left = round.best.tag.time + config_.uncertainty - host_.wall() + 1;
    if (left > 0 && !no_wait_) {  // the bug: answers although the stamp may lie ahead
      at->second.waiting = true;
      host_.wake(left, at->first);
      return;
    }
    const Value value = round.request.kind == Kind::read ? round.best.value : Value();
    const std::uint64_t id = at->first;
    open_.erase(at);
    all_.end(id, Answer::ok, value, "");
  }

  const ReplicaConfig config_;
  Host& host_;
  Majority all_{config_, host_};
  const bool no_wait_;
  std::int64_t last_stamp_ = 0;
  OpenMap open_;
};

}  // namespace

const Mode commit_wait_mode{
    "commit-wait",
    "linearizable registers by clocks with a stated uncertainty, waited out",
    Offer::registers,
    false,
    true,
    false,
    {"linearizable"},
    {{"no-commit-wait", "answers before the version's time has surely passed", "linearizable"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<CommitWait>(config, host);
    },
};

}  // namespace sunder::nodes
