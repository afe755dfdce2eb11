// Locks on etcd: a key that is put if it is absent, bound to a lease, so that a lock nobody releases ends by itself.
//
//   acquire   /v3/lease/grant where the client's lease is no longer fresh; /v3/kv/txn: absent → put with the lease
//   release   /v3/kv/txn: is it still mine → delete
//
// The fencing token is the revision of the put: it grows with every write of the cluster. A lease is not kept alive: it is
// taken for new locks in the first quarter of its time, so that a lock lasts for three quarters of it at least. Who holds
// one for longer is not told that it has ended, which is what every lock with a time to live does to a client that was held
// up (Kleppmann, "How to do distributed locking", 2016). "Taken" is fail/mismatch, and so is the release of a lock that has
// ended; any other failure of a release is info, for the lock ends at some time. Failures before the last request of an
// acquire have no effect on the lock.
// Thread: one client's. Tested by tests/harness/etcd_txn_test.cpp.
#include <algorithm>

#include "harness/clients/outcomes.hpp"
#include "harness/etcd/gateway.hpp"

namespace sunder::harness::etcd {
namespace {

Outcome release(const OpRequest& request, const Post& post) {
  const std::string key = key_member(request.key);
  Answer answer;
  auto failure = read_answer(
      request,
      post("/v3/kv/txn", "{\"compare\":[{" + key +
                             ",\"result\":\"EQUAL\",\"target\":\"VALUE\",\"value\":\"" +
                             base64(std::to_string(request.value)) +
                             "\"}],\"success\":[{\"request_delete_range\":{" + key + "}}]}"),
      &answer);
  if (failure) return open_release(*failure);
  if (answer.succeeded) return outcome(EventType::ok, OpErrorClass::none, "");
  return outcome(EventType::fail, OpErrorClass::mismatch,
                 "the lock had ended before it was released");
}

}  // namespace

// RETURNS an outcome where there is none.
std::optional<Outcome> Locks::fresh_lease(const OpRequest& request, const Post& post,
                                          const Clock& clock) {
  const Nanos now = clock.now();
  if (now < use_before_) return std::nullopt;
  Answer answer;
  const std::string ttl = std::to_string(std::max<Nanos>(1, ttl_ / kSecond));
  auto failure =
      read_answer(request, post("/v3/lease/grant", "{\"TTL\":\"" + ttl + "\"}"), &answer);
  if (failure) {
    failure->type = EventType::fail;  // the lock has not been asked for
    return failure;
  }
  if (answer.id.empty()) {
    return outcome(EventType::fail, OpErrorClass::definite,
                   "the answer to the lease is not understood");
  }
  lease_ = answer.id;
  use_before_ = now + ttl_ / 4;
  return std::nullopt;
}

Outcome Locks::acquire(const OpRequest& request, const Post& post, const Clock& clock) {
  if (auto failure = fresh_lease(request, post, clock)) return *failure;
  const std::string key = key_member(request.key);
  Answer answer;
  auto failure = read_answer(
      request,
      post("/v3/kv/txn", "{\"compare\":[{" + key +
                             ",\"result\":\"EQUAL\",\"target\":\"VERSION\",\"version\":\"0\"}],"
                             "\"success\":[{\"request_put\":{" +
                             key + ",\"value\":\"" + base64(std::to_string(request.value)) +
                             "\",\"lease\":\"" + lease_ + "\"}}]}"),
      &answer);
  if (failure) {
    use_before_ = 0;  // the lease itself may be gone
    return *failure;
  }
  if (!answer.succeeded)
    return outcome(EventType::fail, OpErrorClass::mismatch, "the lock is taken");
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  out.value = answer.revision;
  return out;
}

Outcome Locks::invoke(const OpRequest& request, const Post& post, const Clock& clock) {
  return request.kind == check::OpKind::acquire ? acquire(request, post, clock)
                                                : release(request, post);
}

}  // namespace sunder::harness::etcd
