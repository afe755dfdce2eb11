// Mode "causal": every node answers at once; a write is shown only where everything that it may depend on is shown.
//
// Guarantee, for clients that stay at their node: causal consistency with convergence (CCv). Always available, on all sides
// of any cut. Sources: Ahamad et al., "Causal memory", Distributed Computing 1995; Lloyd et al., "COPS", SOSP 2011.
// Each node numbers its own writes; `seen_[n]` is how many of node n's it has applied. A write carries the `seen_` of its
// node at that moment (its dependencies) and is applied elsewhere when all of these are in, and in its origin's order.
// Argument: what a client read or wrote before at this node is counted in `seen_`, so every write carries its causes and
// never shows before them; a client that stays sees `seen_` grow only. Of two writes of a key the larger (Lamport time,
// node) stays, everywhere the same; Lamport times grow along causes (Lamport, CACM 1978), so no node goes back.
// Writes are kept whole and sent again until each peer has them. Messages: entry(round = number, tag, key, value,
// numbers = dependencies) → have(round = how many). Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <algorithm>
#include <map>

#include "nodes/mode.hpp"

namespace sunder::nodes {

extern const Mode causal_mode;

namespace {

enum Type : std::uint32_t { kEntry, kHave };
constexpr std::uint64_t kGossip = 0;  // token of the timer; others: a write that shows late
constexpr std::size_t kEntriesAtOnce = 32;
constexpr std::size_t kWaitingAtMost = 100'000;  // entries; what is beyond is sent again later

class Causal final : public Replica {
 public:
  Causal(const ReplicaConfig& config, Host& host)
      : config_(config),
        host_(host),
        early_(config.bug == "apply-before-deps"),
        broken_session_(config.bug == "broken-session"),
        seen_(config.nodes, 0),
        have_(config.nodes, 0) {
    if (config.nodes > 1) host_.wake(config_.resend, kGossip);
  }

  void request(const Request& request) override {
    Reply reply;
    reply.id = request.id;
    if (request.kind == Kind::read) {
      reply.value = values_[request.key].value;
    } else if (request.kind == Kind::write) {
      write(request);
    } else {
      reply.answer = Answer::no;
      reply.text = "a causal store has reads and writes only";
    }
    host_.reply(std::move(reply));
  }

  void message(NodeIndex from, const Message& m) override {
    if (m.type == kHave) {
      have_[from] = m.round;  // a late one only makes us send again
      return;
    }
    if (m.round > static_cast<std::uint64_t>(seen_[from]) && waiting_.size() < kWaitingAtMost) {
      waiting_.emplace(std::pair(from, m.round), m);
      if (early_) show(m);  // the bug: shown before what it depends on
      apply_what_can_be();
    }
    Message have;
    have.type = kHave;
    have.round = static_cast<std::uint64_t>(seen_[from]);
    host_.send(from, std::move(have));
  }

  void timer(std::uint64_t token) override {
    if (token != kGossip) {
      show(log_[token - 1]);
      return;
    }
    for (NodeIndex to = 0; to < config_.nodes; ++to) {
      if (to == config_.self) continue;
      const std::size_t end = std::min<std::size_t>(log_.size(), have_[to] + kEntriesAtOnce);
      for (std::size_t i = have_[to]; i < end; ++i) host_.send(to, log_[i]);
    }
    host_.wake(config_.resend, kGossip);
  }

 private:
  void write(const Request& request) {
    Message entry;
    entry.type = kEntry;
    entry.key = request.key;
    entry.value = request.value;
    entry.tag = {++lamport_, config_.self};
    entry.numbers = seen_;
    entry.round = static_cast<std::uint64_t>(++seen_[config_.self]);
    log_.push_back(entry);
    if (broken_session_) {  // the bug: acknowledged now, shown later
      host_.wake(config_.resend / 2, entry.round);
    } else {
      show(entry);
    }
    for (NodeIndex to = 0; to < config_.nodes; ++to) {
      if (to != config_.self) host_.send(to, entry);
    }
  }

  void apply_what_can_be() {
    for (bool more = true; more;) {
      more = false;
      for (auto at = waiting_.begin(); at != waiting_.end();) {
        const NodeIndex origin = at->first.first;
        const auto number = static_cast<std::int64_t>(at->first.second);
        if (number <= seen_[origin]) {
          at = waiting_.erase(at);  // came twice
          continue;
        }
        if (!dependencies_are_in(at->second)) {
          ++at;
          continue;
        }
        show(at->second);
        seen_[origin] = number;
        at = waiting_.erase(at);
        more = true;
      }
    }
  }

  // The origin's own earlier writes are among them.
  [[nodiscard]] bool dependencies_are_in(const Message& entry) const {
    for (std::size_t n = 0; n < seen_.size() && n < entry.numbers.size(); ++n) {
      if (seen_[n] < entry.numbers[n]) return false;
    }
    return true;
  }

  void show(const Message& entry) {
    lamport_ = std::max(lamport_, entry.tag.time);
    Versioned& mine = values_[entry.key];
    if (entry.tag > mine.tag) mine = {entry.tag, entry.value};
  }

  const ReplicaConfig config_;
  Host& host_;
  const bool early_;
  const bool broken_session_;
  std::int64_t lamport_ = 0;
  std::vector<std::int64_t> seen_;
  std::vector<std::uint64_t> have_;  // by peer: how many of our writes it has
  std::vector<Message> log_;         // our writes
  std::map<std::pair<NodeIndex, std::uint64_t>, Message> waiting_;
  std::map<std::string, Versioned> values_;
};

}  // namespace

const Mode causal_mode{
    "causal",
    "always answers; causally consistent for clients that stay at their node",
    Offer::registers,
    false,
    false,
    false,
    {"causal", "session", "convergence"},
    {{"apply-before-deps", "a write shows before the writes that it depends on", "causal"},
     {"broken-session", "a write is acknowledged before its own node shows it",
      "read-your-writes"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<Causal>(config, host);
    },
};

}  // namespace sunder::nodes
