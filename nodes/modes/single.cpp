// Mode "single": the first node holds everything; the others pass requests on to it.
//
// Guarantee: linearizable; compare-and-set included. Argument: every operation takes effect at one instant, when the holder
// handles it: after it was asked and before it is answered. A request that is asked again is done once (nodes/relay.hpp),
// and a node that gives up says "unknown".
// Price: a node that is cut off from the holder answers nothing. With one node there is nobody to be cut off from.
// Messages: ask, answer (nodes/relay.hpp). Thread: one. Tested by tests/calibrate/calibrate_test.cpp.
#include <map>

#include "nodes/mode.hpp"
#include "nodes/relay.hpp"

namespace sunder::nodes {

extern const Mode single_mode;

namespace {

constexpr NodeIndex kHolder = 0;
enum Type : std::uint32_t { kAsk, kAnswer };

class Single final : public Replica {
 public:
  Single(const ReplicaConfig& config, Host& host)
      : config_(config),
        host_(host),
        relay_(config_, host, kHolder, kAsk, true),
        lost_update_(config.bug == "lost-update") {}

  void request(const Request& request) override {
    if (config_.self == kHolder) {
      decide(config_.self, request);
    } else {
      relay_.ask(request);
    }
  }

  void message(NodeIndex from, const Message& message) override {
    if (message.type == kAsk && config_.self == kHolder) {
      if (const auto request = relay_.fresh(from, message)) decide(from, *request);
    } else if (message.type == kAnswer && relay_.answered(message)) {
      host_.reply(reply_of(message));
    }
  }

  void timer(std::uint64_t token) override {
    if (config_.self != kHolder) {
      relay_.timer(token);
    } else if (const auto late = late_.extract(token)) {
      values_[late.mapped().second.key] = late.mapped().second.value;
      answer(late.mapped().first, late.mapped().second.id, Answer::ok, {});
    }
  }

 private:
  void decide(NodeIndex from, const Request& request) {
    Value& value = values_[request.key];
    switch (request.kind) {
      case Kind::read: answer(from, request.id, Answer::ok, value); return;
      case Kind::cas:
        if (value != request.expected) {
          answer(from, request.id, Answer::mismatch, value);
          return;
        }
        if (lost_update_) {  // the bug: looks now, writes later
          late_.emplace(++last_token_, std::pair(from, request));
          host_.wake(config_.resend / 4, last_token_);
          return;
        }
        [[fallthrough]];
      case Kind::write:
        value = request.value;
        answer(from, request.id, Answer::ok, {});
        return;
      default: answer(from, request.id, Answer::no, {});
    }
  }

  void answer(NodeIndex to, std::uint64_t id, Answer how, Value value) {
    Reply reply;
    reply.id = id;
    reply.answer = how;
    reply.value = value;
    if (how == Answer::no) reply.text = "this mode has registers only";
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
  std::map<std::string, Value> values_;
  std::map<std::uint64_t, std::pair<NodeIndex, Request>> late_;
  std::uint64_t last_token_ = 0;
};

}  // namespace

const Mode single_mode{
    "single",
    "linearizable: one node holds everything, the others pass requests on",
    Offer::cas,
    true,
    false,
    false,
    {"linearizable"},
    {{"lost-update", "a compare-and-set looks first and writes a little later", "linearizable"}},
    [](const ReplicaConfig& config, Host& host) -> std::unique_ptr<Replica> {
      return std::make_unique<Single>(config, host);
    },
};

}  // namespace sunder::nodes
