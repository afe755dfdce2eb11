// etcd over its v3 HTTP gateway (/v3/kv/…, JSON), which every etcd since 3.4 serves on its client port; no gRPC needed.
//
//   read   /v3/kv/range   linearizable, or serializable where the suite says so
//   write  /v3/kv/put
//   cas    /v3/kv/txn     compare the value (or "absent": version 0), put; otherwise a range tells what was there
// Transactions, transfers and reads of accounts: etcd_txn.cpp. Locks: etcd_lock.cpp.
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

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/assert.hpp"
#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_etcd_client();

namespace etcd {
namespace {

using check::OpKind;

// What a range answer holds, as a number. RETURNS false where it is something that sunder did not write.
bool seen_number(const Json& range, std::optional<std::int64_t>& out) {
  const Found seen = found(range);
  if (!seen.understood || !seen.value) return seen.understood;
  const Json text = *seen.value;
  out = number(&text);
  return out.has_value();
}

Outcome read_answer(const OpRequest& request, const Json& body) {
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  if (seen_number(body, out.value)) return out;
  return unsure(request, OpErrorClass::reset, "the key holds something that sunder did not write");
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
  if (range != nullptr) out.has_observed = seen_number(*range, out.observed);
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

}  // namespace

std::optional<Outcome> failure_of(const OpRequest& request, const HttpAnswer& answer, Json* body) {
  switch (answer.end) {
    case HttpEnd::refused: return outcome(EventType::fail, OpErrorClass::refused, answer.text);
    case HttpEnd::not_sent: return outcome(EventType::fail, OpErrorClass::not_sent, answer.text);
    case HttpEnd::timeout: return unsure(request, OpErrorClass::timeout, answer.text);
    case HttpEnd::reset: return unsure(request, OpErrorClass::reset, answer.text);
    case HttpEnd::answered: break;
  }
  *body = Json::parse(answer.body, nullptr, false);
  if (answer.status != 200) return error_answer(request, answer, *body);
  if (body->is_object()) return std::nullopt;
  return unsure(request, OpErrorClass::reset, "the answer is not etcd's JSON");
}

Outcome outcome_of(const OpRequest& request, const HttpAnswer& answer) {
  Json body;
  if (auto failure = failure_of(request, answer, &body)) return *failure;
  switch (request.kind) {
    case OpKind::read: return read_answer(request, body);
    case OpKind::cas: return cas_answer(request, body);
    default: return outcome(EventType::ok, OpErrorClass::none, "");
  }
}

}  // namespace etcd

namespace {

using check::OpKind;
using etcd::base64;
using etcd::Json;

// A lock that is not released ends so long after it was acquired.
constexpr Nanos kLockTtl = 2 * kSecond;

class EtcdClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    http_ = std::make_unique<HttpConnection>(target.node, target.source);
  }

  [[nodiscard]] bool offers(OpKind kind) const override {
    return DbClient::offers(kind) || kind == OpKind::txn || kind == OpKind::transfer ||
           kind == OpKind::acquire || kind == OpKind::release;
  }

  Outcome invoke(const OpRequest& request) override {
    SUNDER_ASSERT(http_ != nullptr);
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    const etcd::Post post = [&](const char* path, const std::string& body) {
      return http_->post(path, body, std::max<Nanos>(0, deadline - monotonic_clock().now()));
    };
    const bool any_node = target_.reads == "serializable";
    switch (request.kind) {
      case OpKind::acquire:
      case OpKind::release: return locks_.invoke(request, post, monotonic_clock());
      case OpKind::txn:
      case OpKind::transfer: return etcd::transact(request, post, any_node);
      case OpKind::read:
        if (!request.accounts.empty()) return etcd::transact(request, post, any_node);
        break;
      default: break;
    }
    return invoke_one(request, any_node);
  }

 private:
  Outcome invoke_one(const OpRequest& request, bool any_node) {
    const std::string key = etcd::key_member(request.key);
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
      case OpKind::read:
        return exchange(request, "/v3/kv/range",
                        '{' + key + (any_node ? ",\"serializable\":true}" : "}"));
      default:
        return outcome(EventType::fail, OpErrorClass::definite,
                       std::string("etcd has no ") + check::name_of(request.kind));
    }
  }

 public:
  Result<NodeView> view() override {
    SUNDER_ASSERT(http_ != nullptr);
    const HttpAnswer answer = http_->post("/v3/maintenance/status", "{}", target_.timeout);
    if (answer.end != HttpEnd::answered || answer.status != 200) {
      return Error{ErrorCode::unavailable, "etcd at " + to_string(target_.node) +
                                               " does not tell its status: " + answer.text};
    }
    const Json body = Json::parse(answer.body, nullptr, false);
    const Json* header = etcd::member(body, "header");
    const auto self = header == nullptr
                          ? std::nullopt
                          : etcd::number_text(etcd::member(*header, "member_id", "memberId"));
    if (!self) {
      return Error{ErrorCode::unavailable,
                   "etcd at " + to_string(target_.node) + " answers its status in another form"};
    }
    NodeView view;
    view.self = *self;
    view.leader = etcd::number_text(etcd::member(body, "leader")).value_or("");
    if (view.leader == "0") view.leader.clear();
    const std::string term =
        etcd::number_text(etcd::member(body, "raftTerm", "raft_term")).value_or("0");
    std::from_chars(term.data(), term.data() + term.size(), view.term);
    return view;
  }

  void close() override {
    if (http_) http_->close();
  }

 private:
  static std::string encoded(std::int64_t value) { return base64(std::to_string(value)); }

  Outcome exchange(const OpRequest& request, const char* path, const std::string& body) {
    return etcd::outcome_of(request, http_->post(path, body, target_.timeout));
  }

  ClientTarget target_;
  std::unique_ptr<HttpConnection> http_;
  etcd::Locks locks_{kLockTtl};
};

}  // namespace

std::unique_ptr<DbClient> make_etcd_client() {
  return std::make_unique<EtcdClient>();
}

}  // namespace sunder::harness
