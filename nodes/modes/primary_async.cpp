// Mode "primary-async": the first node decides and acknowledges at once; the others follow its log and serve reads from it.
//
// Guarantee, for clients that stay at their node: sequential consistency, so also causal and the session guarantees; not
// linearizable (a backup's reads are old by what it lags). Compare-and-set included.
// Argument: put all writes in the order of the log, and a read at a node behind the last entry that it had applied.
// Every node applies the log in order and only forward, so a client that stays never goes back; a write or a compare at a
// backup is answered when the backup itself has applied the log up to it, so a client never misses its own.
// Available: the primary for everything; a backup for (old) reads always, for writes while it hears from the primary.
// Messages: ask, answer (nodes/relay.hpp; tag.time = length of the log then); entry(round = its place, key, value)
// → have(round = how many). The log is kept whole. Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <algorithm>
#include <map>

#include "nodes/mode.hpp"
#include "nodes/relay.hpp"

namespace sunder::nodes {

extern const Mode primary_async_mode;

namespace {

constexpr NodeIndex kPrimary = 0;
constexpr std::size_t kEntriesAtOnce = 32;
enum Type : std::uint32_t { kAsk, kAnswer, kEntry, kHave };

class PrimaryAsync final : public Replica {
 public:
  PrimaryAsync(const ReplicaConfig& config, Host& host)
      : config_(config),
        host_(host),
        relay_(config_, host, kPrimary, kAsk, true),
        broken_session_(config.bug == "broken-session"),
        have_(config.nodes, 0) {
    if (config_.self == kPrimary && config.nodes > 1) host_.wake(config_.resend, kFollow);
  }

  void request(const Request& request) override {
    if (request.kind == Kind::read) {
      Reply reply;
      reply.id = request.id;
      reply.value = values_[request.key];
      host_.reply(std::move(reply));
    } else if (config_.self == kPrimary) {
      host_.reply(decide(request));
    } else {
      relay_.ask(request);
    }
  }

  void message(NodeIndex from, const Message& m) override {
    if (m.type == kAsk && config_.self == kPrimary) {
      if (const auto request = relay_.fresh(from, m)) {
        const Reply reply = decide(*request);
        relay_.answer(from, reply, static_cast<std::int64_t>(log_.size()));
      }
    } else if (m.type == kAnswer) {
      const auto place = static_cast<std::uint64_t>(m.tag.time);
      if (place <= applied_ || broken_session_) {  // the bug: answers before this node shows it
        if (relay_.answered(m)) host_.reply(reply_of(m));
      } else if (relay_.tries(m.round) > 0) {
        waiting_.emplace(place, m);
      }
    } else if (m.type == kEntry) {
      follow(from, m);
    } else if (m.type == kHave) {
      have_[from] = m.round;  // a late one only makes us send again
    }
  }

  void timer(std::uint64_t token) override {
    if (token != kFollow || config_.self != kPrimary) {
      relay_.timer(token);
      return;
    }
    for (NodeIndex to = 1; to < config_.nodes; ++to) {
      const std::size_t end = std::min<std::size_t>(log_.size(), have_[to] + kEntriesAtOnce);
      for (std::size_t i = have_[to]; i < end; ++i) host_.send(to, log_[i]);
    }
    host_.wake(config_.resend, kFollow);
  }

 private:
  static constexpr std::uint64_t kFollow = 0;  // token; others are request ids

  Reply decide(const Request& request) {
    Reply reply;
    reply.id = request.id;
    Value& value = values_[request.key];
    if (request.kind != Kind::write && request.kind != Kind::cas) {
      reply.answer = Answer::no;
      reply.text = "this mode has registers only";
      return reply;
    }
    if (request.kind == Kind::cas && value != request.expected) {
      reply.answer = Answer::mismatch;
      reply.value = value;
      return reply;
    }
    value = request.value;
    Message entry;
    entry.type = kEntry;
    entry.round = log_.size() + 1;
    entry.key = request.key;
    entry.value = value;
    log_.push_back(entry);
    for (NodeIndex to = 1; to < config_.nodes; ++to) host_.send(to, entry);
    return reply;
  }

  void follow(NodeIndex from, const Message& entry) {
    if (entry.round == applied_ + 1) {
      values_[entry.key] = entry.value;
      ++applied_;
      while (!waiting_.empty() && waiting_.begin()->first <= applied_) {
        const Message answer = std::move(waiting_.extract(waiting_.begin()).mapped());
        if (relay_.answered(answer)) host_.reply(reply_of(answer));
      }
    }
    Message have;
    have.type = kHave;
    have.round = applied_;
    host_.send(from, std::move(have));
  }

  const ReplicaConfig config_;
  Host& host_;
  Relay relay_;
  const bool broken_session_;
  std::map<std::string, Value> values_;
  std::vector<Message> log_;         // primary
  std::vector<std::uint64_t> have_;  // primary, by backup: entries that it has applied
  std::uint64_t applied_ = 0;        // backup
  std::multimap<std::uint64_t, Message> waiting_;  // backup: answers whose entry is not in yet
};

}  // namespace

const Mode primary_async_mode{
    "primary-async",
    "sequentially consistent for clients that stay: one log, acknowledged at once, followed later",
    Offer::cas,
    true,
    false,
    false,
    {"sequential", "causal", "session", "convergence"},
    {{"broken-session", "a backup acknowledges a write before it shows it", "read-your-writes"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<PrimaryAsync>(config, host);
    },
};

}  // namespace sunder::nodes
