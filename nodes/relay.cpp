// See relay.hpp.
#include "nodes/relay.hpp"

#include <algorithm>
#include <utility>

namespace sunder::nodes {

Relay::Relay(const ReplicaConfig& config, Host& host, NodeIndex holder, std::uint32_t type,
             bool once)
    : config_(config), host_(host), holder_(holder), type_(type), once_(once) {
  origins_.resize(config.nodes);
}

void Relay::ask(const Request& request) {
  Open& open = open_[request.id];
  open = {request, host_.now() + config_.give_up, 0};
  send(open);
}

void Relay::send(Open& open) {
  ++open.tries;
  Message message;
  message.type = type_;
  message.round = open.request.id;
  message.kind = open.request.kind;
  message.key = open.request.key;
  message.value = open.request.value;
  message.expected = open.request.expected;
  message.numbers = {static_cast<std::int64_t>(open_.begin()->first)};
  host_.wake(config_.resend, open.request.id);
  host_.send(holder_, std::move(message));
}

std::optional<Request> Relay::take(std::uint64_t id) {
  const auto at = open_.find(id);
  if (at == open_.end()) return std::nullopt;
  Request request = std::move(at->second.request);
  open_.erase(at);
  return request;
}

std::optional<Request> Relay::answered(const Message& answer) {
  return take(answer.round);
}

unsigned Relay::tries(std::uint64_t id) const {
  const auto at = open_.find(id);
  return at == open_.end() ? 0 : at->second.tries;
}

bool Relay::timer(std::uint64_t id) {
  const auto at = open_.find(id);
  if (at == open_.end()) return false;
  if (host_.now() < at->second.deadline) {
    send(at->second);
    return true;
  }
  Reply reply;
  reply.id = id;
  reply.answer = Answer::unknown;
  reply.text = "the node that decides does not answer";
  open_.erase(at);
  host_.reply(std::move(reply));
  return true;
}

std::optional<Request> Relay::fresh(NodeIndex from, const Message& ask) {
  Origin& origin = origins_[from];
  if (once_) {
    if (!ask.numbers.empty()) {
      const auto floor = static_cast<std::uint64_t>(ask.numbers.front());
      origin.floor = std::max(origin.floor, floor);
      origin.asked.erase(origin.asked.begin(), origin.asked.lower_bound(origin.floor));
    }
    if (ask.round < origin.floor) return std::nullopt;
    const auto [at, first] = origin.asked.try_emplace(ask.round);
    if (!first) {
      if (at->second) host_.send(from, *at->second);
      return std::nullopt;
    }
  }
  Request request;
  request.id = ask.round;
  request.kind = ask.kind;
  request.key = ask.key;
  request.value = ask.value.value_or(0);
  request.expected = ask.expected;
  return request;
}

void Relay::answer(NodeIndex to, const Reply& reply, std::int64_t version) {
  Message message;
  message.type = type_ + 1;
  message.round = reply.id;
  message.answer = reply.answer;
  message.value = reply.value;
  message.tag.time = version;
  if (once_) {
    const auto at = origins_[to].asked.find(reply.id);
    if (at != origins_[to].asked.end()) at->second = message;
  }
  host_.send(to, std::move(message));
}

Reply reply_of(const Message& answer) {
  Reply reply;
  reply.id = answer.round;
  reply.answer = answer.answer;
  reply.value = answer.value;
  if (answer.answer == Answer::no) reply.text = "refused by the node that decides";
  if (answer.answer == Answer::unknown) reply.text = "the node that decides can't tell";
  return reply;
}

}  // namespace sunder::nodes
