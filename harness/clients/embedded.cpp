// The reference nodes of "sunder node", for every system embedded-…: one line of JSON to a request, one to an answer.
//
//   what happened                                   read            write, cas, add, increment
//   "type":"ok"                                     ok              ok
//   "error":"mismatch"                              -               fail/mismatch + observed
//   "error":"definite" (never begun)                fail/definite   fail/definite
//   "type":"info" (a part of it may be done)        fail/timeout    info/timeout
//   connection refused                              fail/refused    fail/refused
//   no connection in time, nothing sent             fail/not-sent   fail/not-sent
//   sent, no answer in time                         fail/timeout    info/timeout
//   sent, connection broke; an answer not ours      fail/reset      info/reset
//
// The protocol is nodes/tcp/wire.hpp's; both ends are tested together. Thread: one per client.
// Tested by tests/harness/embedded_client_test.cpp.
#include <nlohmann/json.hpp>

#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"
#include "harness/stream.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_embedded_client();

namespace {

using Json = nlohmann::json;
using check::OpKind;

constexpr std::size_t kLongestAnswer = 16 * 1024 * 1024;

std::string text_of(const Json& answer, const char* member) {
  const auto at = answer.find(member);
  return at != answer.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_of(const Json& answer, const char* member) {
  const auto at = answer.find(member);
  if (at == answer.end() || !at->is_number_integer()) return std::nullopt;
  return at->get<std::int64_t>();
}

// A set's elements. Nothing where it is another value.
std::optional<std::vector<std::int64_t>> list_of(const Json& answer) {
  const auto at = answer.find("value");
  if (at == answer.end() || !at->is_array()) return std::nullopt;
  std::vector<std::int64_t> out;
  for (const Json& element : *at) {
    if (element.is_number_integer()) out.push_back(element.get<std::int64_t>());
  }
  return out;
}

std::string request_line(const OpRequest& request) {
  Json line = {{"f", check::name_of(request.kind)}, {"key", request.key}};
  if (request.kind == OpKind::cas) {
    line["value"] = {request.expected ? Json(*request.expected) : Json(nullptr), request.value};
  } else if (request.kind != OpKind::read) {
    line["value"] = request.value;
  }
  return line.dump() + "\n";
}

Outcome answer_outcome(const OpRequest& request, const std::string& line) {
  const Json answer = Json::parse(line, nullptr, false);
  if (!answer.is_object()) {
    return unsure(request, OpErrorClass::reset, "the answer is not a reference node's");
  }
  const std::string type = text_of(answer, "type");
  if (type == "ok") {
    Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
    if (request.kind == OpKind::read) {
      out.value = number_of(answer, "value");
      out.list = list_of(answer);
    }
    return out;
  }
  if (type == "fail" && text_of(answer, "error") == "mismatch") {
    Outcome out = outcome(EventType::fail, OpErrorClass::mismatch, "another value was there");
    out.has_observed = true;
    out.observed = number_of(answer, "observed");
    return out;
  }
  if (type == "fail") {
    return outcome(EventType::fail, OpErrorClass::definite, text_of(answer, "text"));
  }
  return unsure(request, OpErrorClass::timeout, text_of(answer, "text"));
}

class EmbeddedClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    stream_ = Stream(target.node, target.source);
  }

  [[nodiscard]] bool offers(OpKind kind) const override {
    return DbClient::offers(kind) || kind == OpKind::add || kind == OpKind::increment;
  }

  Outcome invoke(const OpRequest& request) override {
    std::string answer;
    const StreamStep step = exchange(request_line(request), &answer);
    return step.ok() ? answer_outcome(request, answer) : outcome_of(request, step);
  }

  Result<NodeView> view() override {
    std::string answer;
    if (!exchange("{\"f\":\"status\"}\n", &answer).ok()) {
      return Error{ErrorCode::unavailable,
                   "the node at " + to_string(target_.node) + " does not answer"};
    }
    const Json json = Json::parse(answer, nullptr, false);
    NodeView out;
    if (json.is_object()) {
      out.self = text_of(json, "node");
      out.leader = text_of(json, "leader");
    }
    if (out.leader.empty()) {
      return Error{ErrorCode::unsupported, "this mode of the reference nodes has no leader"};
    }
    out.term = 1;  // the first node leads for all time
    return out;
  }

  void close() override { stream_.close(); }

 private:
  // A line there, a line back; connects where nothing is connected, or what was has ended.
  StreamStep exchange(const std::string& line, std::string* answer) {
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    StreamStep step;
    if (!stream_.quiet()) step = stream_.dial(deadline);
    if (step.ok()) step = stream_.send(line, deadline);
    while (step.ok() && (answer->empty() || answer->back() != '\n')) {
      step = stream_.receive_some(answer, deadline);
      if (step.ok() && answer->size() > kLongestAnswer) {
        step = {StreamEnd::reset, "the answer is not a reference node's"};
      }
    }
    if (!step.ok()) stream_.close();  // an answer that comes later must not meet another request
    return step;
  }

  ClientTarget target_;
  Stream stream_{IpPort{}, 0};
};

}  // namespace

std::unique_ptr<DbClient> make_embedded_client() {
  return std::make_unique<EmbeddedClient>();
}

}  // namespace sunder::harness
