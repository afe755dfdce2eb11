// etcd over its v3 HTTP gateway (/v3/kv/…, JSON), which every etcd since 3.4 serves on its client port; no gRPC needed.
//
//   read   /v3/kv/range   linearizable, or serializable where the suite says so
//   write  /v3/kv/put
//   cas    /v3/kv/txn     compare the value (or "absent": version 0), put; otherwise a range tells what was there
// Transactions, transfers and reads of accounts, locks, sets: harness/etcd/.
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
#include <algorithm>
#include <memory>

#include "base/assert.hpp"
#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"
#include "harness/etcd/gateway.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_etcd_client();

namespace {

using check::OpKind;
using etcd::base64;

// A lock that is not released ends so long after it was acquired.
constexpr Nanos kLockTtl = 2 * kSecond;

class EtcdClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    http_ = std::make_unique<HttpConnection>(target.node, target.source);
  }

  [[nodiscard]] bool offers(OpKind kind) const override {
    return DbClient::offers(kind) || kind == OpKind::add || kind == OpKind::increment ||
           kind == OpKind::txn || kind == OpKind::transfer || kind == OpKind::acquire ||
           kind == OpKind::release;
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
      case OpKind::increment:
      case OpKind::transfer: return etcd::transact(request, post, any_node);
      case OpKind::read:
        return request.accounts.empty() ? read(request, post, any_node)
                                        : etcd::transact(request, post, any_node);
      case OpKind::add: return etcd::add_element(request, post);
      default: return change(request);
    }
  }

 private:
  // Of a value; where the key is a set's, of its elements.
  static Outcome read(const OpRequest& request, const etcd::Post& post, bool any_node) {
    etcd::Answer answer;
    auto failure =
        etcd::read_answer(request,
                          post("/v3/kv/range", '{' + etcd::key_member(request.key) +
                                                   (any_node ? ",\"serializable\":true}" : "}")),
                          &answer);
    if (failure) return *failure;
    if (etcd::marks_set(answer.found)) return etcd::read_set(request, post, any_node);
    return etcd::outcome_of(request, answer);
  }

  Outcome change(const OpRequest& request) {
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
    auto view = etcd::view_of(answer.body);
    if (view) return *view;
    return Error{ErrorCode::unavailable,
                 "etcd at " + to_string(target_.node) + " answers its status in another form"};
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
