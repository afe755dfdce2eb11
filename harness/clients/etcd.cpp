// etcd over its v3 HTTP gateway (/v3/kv/…, JSON), which every etcd since 3.4 serves on its client port; no gRPC needed.
//
//   read   /v3/kv/range   linearizable, or serializable where the suite says so
//   write  /v3/kv/put
//   cas    /v3/kv/txn     compare the value (or "absent": version 0), put; otherwise a range tells what was there
//
// Keys and values are base64, 64-bit numbers are texts. Outcomes, by what is *sure*:
//
//   what happened                                              read               write and cas
//   HTTP 200                                                   ok                 ok; cas: or fail/mismatch + observed
//   connection refused                                         fail/refused       fail/refused
//   no connection in time, nothing sent                        fail/not-sent      fail/not-sent
//   sent, no answer in time                                    fail/timeout       info/timeout
//   sent, connection broke; or an answer that is not etcd's    fail/reset         info/reset
//   gRPC 3, 7, 8, 9, 12, 16 (bad argument, no permission, too  fail/definite      fail/definite
//     many requests, no space, precondition, unknown call,
//     not logged in): etcd says so before it proposes anything
//   any other error with "timed out" or "deadline exceeded"    fail/timeout       info/timeout
//   any other error ("no leader", "leader changed", …)         fail/definite      info/reset
//
// A failed read has no effect, so it is always `fail`. "leader changed" and its like are info for writes: the proposal
// may be in the log already. Facts: etcd 3.4 api/v3rpc/rpctypes/error.go; measured on 3.4.23.
// Thread: one per client. Tested by tests/harness/etcd_client_test.cpp.
#include "harness/clients/etcd.hpp"

#include <array>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/assert.hpp"
#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_etcd_client();

namespace {

using Json = nlohmann::json;
using check::OpKind;

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// A member by either spelling: the gateway answers in snake_case, newer versions may use camelCase.
const Json* member(const Json& object, const char* snake, const char* camel = nullptr) {
  if (!object.is_object()) return nullptr;
  auto at = object.find(snake);
  if (at == object.end() && camel != nullptr) at = object.find(camel);
  return at == object.end() ? nullptr : &*at;
}

// A 64-bit number that JSON carries as a text, or as a number.
std::optional<std::string> number_text(const Json* node) {
  if (node == nullptr) return std::nullopt;
  if (node->is_string()) return node->get<std::string>();
  if (node->is_number()) return node->dump();
  return std::nullopt;
}

struct RangeValue {
  bool understood = false;
  std::optional<std::int64_t> value;  // nothing: absent
};

// The first key of a range answer.
RangeValue range_value(const Json& range) {
  const Json* kvs = member(range, "kvs");
  if (kvs == nullptr || (kvs->is_array() && kvs->empty())) return {true, std::nullopt};
  if (!kvs->is_array()) return {};
  const Json* value = member(kvs->front(), "value");
  if (value == nullptr || !value->is_string()) return {};
  const auto text = unbase64(value->get<std::string>());
  if (!text) return {};
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text->data() + text->size()) return {};
  return {true, number};
}

Outcome read_answer(const OpRequest& request, const Json& body) {
  const RangeValue seen = range_value(body);
  if (!seen.understood) {
    return unsure(request, OpErrorClass::reset,
                  "the key holds something that sunder did not write");
  }
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  out.value = seen.value;
  return out;
}

Outcome cas_answer(const OpRequest& request, const Json& body) {
  const Json* succeeded = member(body, "succeeded");  // left out when false
  if (succeeded != nullptr && *succeeded == true) {
    return outcome(EventType::ok, OpErrorClass::none, "");
  }
  const Json* responses = member(body, "responses");
  if (responses == nullptr || !responses->is_array() || responses->empty()) {
    return unsure(request, OpErrorClass::reset, "the answer to the transaction is not understood");
  }
  Outcome out = outcome(EventType::fail, OpErrorClass::mismatch, "the value was another one");
  const Json* range = member(responses->front(), "response_range", "responseRange");
  if (range == nullptr) return out;
  const RangeValue seen = range_value(*range);
  out.has_observed = seen.understood;
  out.observed = seen.value;
  return out;
}

bool refused_before_effect(int grpc_code) {
  switch (grpc_code) {
    case 3:   // invalid argument
    case 7:   // permission denied
    case 8:   // resource exhausted: too many requests, no space
    case 9:   // failed precondition
    case 12:  // unimplemented
    case 16:  // unauthenticated
      return true;
    default: return false;
  }
}

Outcome error_answer(const OpRequest& request, const HttpAnswer& answer, const Json& body) {
  int code = -1;
  std::string text;
  if (const Json* number = member(body, "code"); number != nullptr && number->is_number_integer()) {
    code = number->get<int>();
  }
  for (const char* name : {"message", "error"}) {
    const Json* said = member(body, name);
    if (text.empty() && said != nullptr && said->is_string()) text = said->get<std::string>();
  }
  if (text.empty()) text = "HTTP " + std::to_string(answer.status);
  if (refused_before_effect(code)) return outcome(EventType::fail, OpErrorClass::definite, text);
  const bool late = text.find("timed out") != std::string::npos ||
                    text.find("deadline exceeded") != std::string::npos;
  if (late) return unsure(request, OpErrorClass::timeout, text);
  if (request.kind == OpKind::read) return outcome(EventType::fail, OpErrorClass::definite, text);
  return outcome(EventType::info, OpErrorClass::reset, text);
}

class EtcdClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    http_ = std::make_unique<HttpConnection>(target.node, target.source);
  }

  Outcome invoke(const OpRequest& request) override {
    SUNDER_ASSERT(http_ != nullptr);
    const std::string key = "\"key\":\"" + base64(request.key) + '"';
    const std::string put = '{' + key + ",\"value\":\"" + encoded(request.value) + "\"}";
    switch (request.kind) {
      case OpKind::write: return exchange(request, "/v3/kv/put", put);
      case OpKind::cas: {
        const std::string compare = request.expected ? "\"target\":\"VALUE\",\"value\":\"" +
                                                           encoded(*request.expected) + '"'
                                                     : "\"target\":\"VERSION\",\"version\":\"0\"";
        return exchange(request, "/v3/kv/txn",
                        "{\"compare\":[{" + key + ",\"result\":\"EQUAL\"," + compare +
                            "}],\"success\":[{\"request_put\":" + put +
                            "}],\"failure\":[{\"request_range\":{" + key + "}}]}");
      }
      default: {
        const bool any_node = target_.reads == "serializable";
        return exchange(request, "/v3/kv/range",
                        '{' + key + (any_node ? ",\"serializable\":true}" : "}"));
      }
    }
  }

  Result<NodeView> view() override {
    SUNDER_ASSERT(http_ != nullptr);
    const HttpAnswer answer = http_->post("/v3/maintenance/status", "{}", target_.timeout);
    if (answer.end != HttpEnd::answered || answer.status != 200) {
      return Error{ErrorCode::unavailable, "etcd at " + to_string(target_.node) +
                                               " does not tell its status: " + answer.text};
    }
    const Json body = Json::parse(answer.body, nullptr, false);
    const Json* header = member(body, "header");
    const auto self =
        header == nullptr ? std::nullopt : number_text(member(*header, "member_id", "memberId"));
    if (!self) {
      return Error{ErrorCode::unavailable,
                   "etcd at " + to_string(target_.node) + " answers its status in another form"};
    }
    NodeView view;
    view.self = *self;
    view.leader = number_text(member(body, "leader")).value_or("");
    if (view.leader == "0") view.leader.clear();
    const std::string term = number_text(member(body, "raftTerm", "raft_term")).value_or("0");
    std::from_chars(term.data(), term.data() + term.size(), view.term);
    return view;
  }

  void close() override {
    if (http_) http_->close();
  }

 private:
  static std::string encoded(std::int64_t value) { return base64(std::to_string(value)); }

  Outcome exchange(const OpRequest& request, const char* path, const std::string& body) {
    return etcd_outcome(request, http_->post(path, body, target_.timeout));
  }

  ClientTarget target_;
  std::unique_ptr<HttpConnection> http_;
};

}  // namespace

std::string base64(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t take = std::min<std::size_t>(3, text.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8U | (j < take ? static_cast<unsigned char>(text[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= take ? kAlphabet[(bits >> (18 - 6 * j)) & 0x3FU] : '=';
    }
  }
  return out;
}

std::optional<std::string> unbase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto digit = std::string_view(kAlphabet).find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFFU);
    }
  }
  return out;
}

Outcome etcd_outcome(const OpRequest& request, const HttpAnswer& answer) {
  switch (answer.end) {
    case HttpEnd::refused: return outcome(EventType::fail, OpErrorClass::refused, answer.text);
    case HttpEnd::not_sent: return outcome(EventType::fail, OpErrorClass::not_sent, answer.text);
    case HttpEnd::timeout: return unsure(request, OpErrorClass::timeout, answer.text);
    case HttpEnd::reset: return unsure(request, OpErrorClass::reset, answer.text);
    case HttpEnd::answered: break;
  }
  const Json body = Json::parse(answer.body, nullptr, false);
  if (answer.status != 200) return error_answer(request, answer, body);
  if (!body.is_object()) {
    return unsure(request, OpErrorClass::reset, "the answer is not etcd's JSON");
  }
  switch (request.kind) {
    case OpKind::read: return read_answer(request, body);
    case OpKind::cas: return cas_answer(request, body);
    default: return outcome(EventType::ok, OpErrorClass::none, "");
  }
}

std::unique_ptr<DbClient> make_etcd_client() {
  return std::make_unique<EtcdClient>();
}

}  // namespace sunder::harness
