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
// Messages: query(round, key) → report(round, tag, value); store(round, key, tag, value) → stored(round).
// Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <algorithm>
#include <bit>
#include <map>

#include "nodes/mode.hpp"

namespace sunder::nodes {

extern const Mode commit_wait_mode;

namespace {

enum Type : std::uint32_t { kQuery, kReport, kStore, kStored };
enum class Phase : std::uint8_t { query, store, wait };

struct Open {
  Request request;
  Phase phase = Phase::query;
  std::uint32_t heard = 0;  // nodes of this phase, a bit each
  bool same = true;
  Versioned best;
  Nanos deadline = 0;
};
using OpenMap = std::map<std::uint64_t, Open>;

class CommitWait final : public Replica {
 public:
  CommitWait(const ReplicaConfig& config, Host& host)
      : config_(config), host_(host), no_wait_(config.bug == "no-commit-wait") {}

  void request(const Request& request) override {
    if (request.kind != Kind::read && request.kind != Kind::write) {
      end(request.id, Answer::no, {}, "this mode has reads and writes only");
      return;
    }
    const auto at = open_.emplace(request.id, Open{}).first;
    Open& open = at->second;
    open.request = request;
    open.deadline = host_.now() + config_.give_up;
    if (request.kind == Kind::read) {
      ask(open);
      report(request.id, config_.self, values_[request.key]);
      return;
    }
    last_stamp_ = std::max(last_stamp_ + 1, host_.wall() + config_.uncertainty);
    open.best = {{last_stamp_, config_.self}, request.value};
    store(open);
  }

  void message(NodeIndex from, const Message& m) override {
    Message answer;
    answer.round = m.round;
    switch (m.type) {
      case kQuery: {
        const Versioned& mine = values_[m.key];
        answer.type = kReport;
        answer.tag = mine.tag;
        answer.value = mine.value;
        host_.send(from, std::move(answer));
        return;
      }
      case kStore:
        keep(m.key, {m.tag, m.value});
        answer.type = kStored;
        host_.send(from, std::move(answer));
        return;
      case kReport: report(m.round, from, {m.tag, m.value}); return;
      case kStored: stored(m.round, from); return;
      default: return;
    }
  }

  void timer(std::uint64_t id) override {
    const auto at = open_.find(id);
    if (at == open_.end()) return;
    if (at->second.phase == Phase::wait) {
      wait_out(at);
    } else if (host_.now() < at->second.deadline) {
      ask(at->second);
    } else {
      const bool write = at->second.request.kind == Kind::write;
      open_.erase(at);
      end(id, write ? Answer::unknown : Answer::no, {}, "no majority answers");
    }
  }

 private:
  void ask(const Open& open) {
    for (NodeIndex to = 0; to < config_.nodes; ++to) {
      if (to == config_.self || (open.heard >> to & 1U) != 0) continue;
      Message m;
      m.type = open.phase == Phase::store ? kStore : kQuery;
      m.round = open.request.id;
      m.key = open.request.key;
      m.tag = open.best.tag;
      m.value = open.best.value;
      host_.send(to, std::move(m));
    }
    host_.wake(config_.resend, open.request.id);
  }

  void store(Open& open) {
    open.phase = Phase::store;
    open.heard = 0;
    keep(open.request.key, open.best);
    ask(open);
    stored(open.request.id, config_.self);
  }

  void report(std::uint64_t id, NodeIndex from, const Versioned& told) {
    const auto at = open_.find(id);
    if (at == open_.end() || at->second.phase != Phase::query) return;
    Open& open = at->second;
    if (open.heard != 0 && told.tag != open.best.tag) open.same = false;
    open.heard |= 1U << from;
    if (told.tag > open.best.tag) open.best = told;
    if (static_cast<unsigned>(std::popcount(open.heard)) < config_.majority()) return;
    if (open.same) {
      wait_out(at);
    } else {
      store(open);
    }
  }

  void stored(std::uint64_t id, NodeIndex from) {
    const auto at = open_.find(id);
    if (at == open_.end() || at->second.phase != Phase::store) return;
    at->second.heard |= 1U << from;
    if (static_cast<unsigned>(std::popcount(at->second.heard)) >= config_.majority()) wait_out(at);
  }

  // Answers when the stamp has surely passed.
  void wait_out(OpenMap::iterator at) {
    Open& open = at->second;
    const Nanos left = open.best.tag.time + config_.uncertainty - host_.wall() + 1;
    if (left > 0 && !no_wait_) {  // the bug: answers although the stamp may lie ahead
      open.phase = Phase::wait;
      host_.wake(left, at->first);
      return;
    }
    const Value value = open.request.kind == Kind::read ? open.best.value : Value();
    const std::uint64_t id = at->first;
    open_.erase(at);
    end(id, Answer::ok, value, "");
  }

  void keep(const std::string& key, const Versioned& told) {
    Versioned& mine = values_[key];
    if (told.tag > mine.tag) mine = told;
  }

  void end(std::uint64_t id, Answer how, Value value, const char* text) {
    Reply reply;
    reply.id = id;
    reply.answer = how;
    reply.value = value;
    reply.text = text;
    host_.reply(std::move(reply));
  }

  const ReplicaConfig config_;
  Host& host_;
  const bool no_wait_;
  std::int64_t last_stamp_ = 0;
  std::map<std::string, Versioned> values_;
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
