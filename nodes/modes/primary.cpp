// Mode "primary": the first node decides, and a write is acknowledged when every other node has it; all nodes serve reads.
//
// Guarantee: linearizable, compare-and-set included. Source: primary-backup (Alsberg and Day, ICSE 1976) with reads at the
// backups as in Terrace and Freedman, "Object Storage on CRAQ", USENIX ATC 2009.
//
//   write  (key by key, one after the other) prepare at all backups; when all have it, commit at the primary; answer
//   read   the primary: its committed value; a backup likewise, but while it holds a prepared version it asks the primary
//
// Argument: operations of a key take effect in the order of versions, a write at the moment of its commit at the primary. At
// that moment every backup holds it, prepared or committed; so a backup that answers by itself has nothing prepared and
// shows the last commit, and one that asks gets it from the primary. Nobody shows a version before its commit.
// Nobody takes over: without the primary there are no writes, and a backup that is cut off stops all of them.
// Messages: ask, answer (nodes/relay.hpp); prepare(round = version, key, value) → prepared(round, key);
// commit(round = version, key, value). Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <bit>
#include <deque>
#include <map>

#include "nodes/mode.hpp"
#include "nodes/relay.hpp"

namespace sunder::nodes {

extern const Mode primary_mode;

namespace {

constexpr NodeIndex kPrimary = 0;
constexpr unsigned kTriesBeforeTakeover = 3;  // of the bug
enum Type : std::uint32_t { kAsk, kAnswer, kPrepare, kPrepared, kCommit };

struct Version {
  std::uint64_t number = 0;
  Value value;
};

struct Queued {
  NodeIndex from = 0;
  Request request;
  Nanos deadline = 0;
  Value looked;  // of the bug lost-update: what was there when it came
};

struct Register {
  Version committed;
  Version prepared;          // newer than committed where a write is under way
  std::deque<Queued> queue;  // primary: the first one is under way, if `busy`
  bool busy = false;
  bool replied = false;      // the one under way was given up
  std::uint32_t having = 0;  // backups that hold `prepared`, a bit each
  std::uint64_t token = 0;
};

class Primary final : public Replica {
 public:
  Primary(const ReplicaConfig& config, Host& host)
      : config_(config),
        host_(host),
        relay_(config_, host, kPrimary, kAsk, config.bug != "duplicate-on-retry"),
        lost_update_(config.bug == "lost-update"),
        early_ack_(config.bug == "ack-before-replicated"),
        split_brain_(config.bug == "split-brain") {}

  void request(const Request& request) override {
    if (config_.self == kPrimary) {
      decide(kPrimary, request);
      return;
    }
    const Register& mine = registers_[request.key];
    if (request.kind == Kind::read && mine.prepared.number <= mine.committed.number) {
      answer(config_.self, request.id, Answer::ok, mine.committed.value);
    } else {
      relay_.ask(request);
    }
  }

  void message(NodeIndex from, const Message& m) override {
    switch (m.type) {
      case kAsk:
        if (config_.self == kPrimary) {
          if (const auto request = relay_.fresh(from, m)) decide(from, *request);
        }
        return;
      case kAnswer:
        if (relay_.answered(m)) host_.reply(reply_of(m));
        return;
      case kPrepare: prepare(from, m); return;
      case kPrepared: {
        Register& r = registers_[m.key];
        if (!r.busy || m.round != r.prepared.number) return;
        r.having |= 1U << from;
        if (std::popcount(r.having) == static_cast<int>(config_.nodes) - 1) commit(m.key, r);
        return;
      }
      case kCommit: {
        Register& r = registers_[m.key];
        if (m.round > r.committed.number) r.committed = {m.round, m.value};
        return;
      }
      default: return;
    }
  }

  void timer(std::uint64_t token) override {
    if (config_.self == kPrimary) {
      const auto at = tokens_.find(token);
      if (at != tokens_.end()) again(at->second, registers_[at->second]);
    } else if (split_brain_ && relay_.tries(token) >= kTriesBeforeTakeover) {
      take_over(*relay_.take(token));
    } else {
      relay_.timer(token);
    }
  }

 private:
  void decide(NodeIndex from, const Request& request) {
    Register& r = registers_[request.key];
    if (request.kind == Kind::read) {
      answer(from, request.id, Answer::ok, r.committed.value);
      if (from != kPrimary) send_version(from, kCommit, request.key, r.committed);
      return;
    }
    if (request.kind != Kind::write && request.kind != Kind::cas) {
      answer(from, request.id, Answer::no, {});
      return;
    }
    r.queue.push_back({from, request, host_.now() + config_.give_up, r.committed.value});
    if (!r.busy) next(request.key, r);
  }

  // Begins the first write of the queue that is still wanted.
  void next(const std::string& key, Register& r) {
    while (!r.queue.empty() && !r.busy) {
      const Queued& first = r.queue.front();
      const Value& is =
          lost_update_ ? first.looked : r.committed.value;  // the bug: looks too early
      if (host_.now() >= first.deadline) {
        answer(first.from, first.request.id, Answer::no, {});
        r.queue.pop_front();
      } else if (first.request.kind == Kind::cas && is != first.request.expected) {
        answer(first.from, first.request.id, Answer::mismatch, is);
        r.queue.pop_front();
      } else {
        r.prepared = {std::max(r.prepared.number, r.committed.number) + 1, first.request.value};
        r.busy = true;
        r.replied = false;
        r.having = 0;
        r.token = ++last_token_;
        tokens_[r.token] = key;
        if (early_ack_) {  // the bug: nobody else has it yet
          r.committed = r.prepared;
          r.replied = true;
          answer(first.from, first.request.id, Answer::ok, {});
        }
        send_prepare(key, r);
        if (config_.nodes == 1) commit(key, r);
      }
    }
  }

  void send_prepare(const std::string& key, const Register& r) {
    for (NodeIndex to = 1; to < config_.nodes; ++to) {
      if ((r.having >> to & 1U) == 0) send_version(to, kPrepare, key, r.prepared);
    }
    host_.wake(config_.resend, r.token);
  }

  // Some backup has not answered: asks again. The version stays: a backup may hold it. Who waits is told in time.
  void again(const std::string& key, Register& r) {
    if (!r.replied && host_.now() >= r.queue.front().deadline) {
      answer(r.queue.front().from, r.queue.front().request.id, Answer::unknown, {});
      r.replied = true;
    }
    while (r.queue.size() > 1 && host_.now() >= r.queue[1].deadline) {
      answer(r.queue[1].from, r.queue[1].request.id, Answer::no, {});
      r.queue.erase(r.queue.begin() + 1);
    }
    send_prepare(key, r);
  }

  void commit(const std::string& key, Register& r) {
    r.committed = r.prepared;
    r.busy = false;
    tokens_.erase(r.token);
    if (!r.replied) answer(r.queue.front().from, r.queue.front().request.id, Answer::ok, {});
    r.queue.pop_front();
    for (NodeIndex to = 1; to < config_.nodes; ++to) send_version(to, kCommit, key, r.committed);
    next(key, r);
  }

  void prepare(NodeIndex from, const Message& m) {
    Register& r = registers_[m.key];
    if (m.round > r.prepared.number) {
      // The one before is committed, or this one would not have been begun.
      if (r.prepared.number > r.committed.number) r.committed = r.prepared;
      r.prepared = {m.round, m.value};
    }
    Message reply;
    reply.type = kPrepared;
    reply.round = m.round;
    reply.key = m.key;
    host_.send(from, std::move(reply));
  }

  // The bug: a backup that does not hear from the primary decides by itself, and asks no majority whether it may.
  void take_over(const Request& request) {
    Register& r = registers_[request.key];
    const bool fits = request.kind != Kind::cas || r.committed.value == request.expected;
    if (request.kind != Kind::read && fits) r.committed = {r.committed.number, request.value};
    answer(config_.self, request.id, fits ? Answer::ok : Answer::mismatch,
           request.kind == Kind::read || !fits ? r.committed.value : Value());
  }

  void send_version(NodeIndex to, Type type, const std::string& key, const Version& version) {
    Message m;
    m.type = type;
    m.round = version.number;
    m.key = key;
    m.value = version.value;
    host_.send(to, std::move(m));
  }

  void answer(NodeIndex to, std::uint64_t id, Answer how, Value value) {
    Reply reply;
    reply.id = id;
    reply.answer = how;
    reply.value = value;
    if (how == Answer::no) reply.text = "not begun: an earlier write waits for a backup";
    if (how == Answer::unknown) reply.text = "a backup does not answer";
    if (to == config_.self) {
      host_.reply(std::move(reply));
    } else {
      relay_.answer(to, reply);
    }
  }

  const ReplicaConfig config_;
  Host& host_;
  Relay relay_;
  const bool lost_update_;
  const bool early_ack_;
  const bool split_brain_;
  std::map<std::string, Register> registers_;
  std::map<std::uint64_t, std::string> tokens_;  // of writes under way: their keys
  std::uint64_t last_token_ = 0;
};

}  // namespace

const Mode primary_mode{
    "primary",
    "linearizable: a write is acknowledged when every node has it; reads at all nodes",
    Offer::cas,
    true,
    false,
    false,
    {"linearizable"},
    {{"ack-before-replicated", "a write is acknowledged before any backup has it", "linearizable"},
     {"lost-update", "a compare-and-set compares when it comes, not when it is its turn",
      "linearizable"},
     {"duplicate-on-retry", "a write that is asked again is done again", "linearizable"},
     {"split-brain", "a backup that does not hear from the primary decides by itself",
      "linearizable"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<Primary>(config, host);
    },
};

}  // namespace sunder::nodes
