// Transactions on etcd: one txn of ranges tells all values and their revisions, of one moment; one txn puts the new ones if
// no revision has changed (optimistic.hpp). What only reads is done after the first.
// Thread: one client's. Tested by tests/harness/etcd_txn_test.cpp.
#include "harness/clients/outcomes.hpp"
#include "harness/etcd/gateway.hpp"
#include "harness/optimistic.hpp"

namespace sunder::harness::etcd {
namespace {

Outcome strange(const OpRequest& request) {
  return unsure(request, OpErrorClass::reset, "the answer to the transaction is not understood");
}

// Fills `values`. RETURNS an outcome where that did not work: without any effect.
std::optional<Outcome> read(const Post& post, bool any_node, VersionedValues* values) {
  std::string ranges;
  for (const auto& [key, unused] : *values) {
    ranges += (ranges.empty() ? "" : ",") + std::string("{\"request_range\":{") + key_member(key) +
              (any_node ? ",\"serializable\":true}}" : "}}");
  }
  const OpRequest reading;
  Answer answer;
  auto failure =
      read_answer(reading, post("/v3/kv/txn", "{\"success\":[" + ranges + "]}"), &answer);
  if (failure) return failure;
  if (answer.ranges.size() != values->size()) return strange(reading);
  std::size_t i = 0;
  for (auto& [key, value] : *values) {
    Found& found = answer.ranges[i++];
    if (!found.understood) return strange(reading);
    value = {std::move(found.value), found.mod_revision};
  }
  return std::nullopt;
}

// Puts the new values if nothing has changed.
Outcome commit(const OpRequest& request, const Post& post, const VersionedValues& seen,
               const FreshValues& fresh) {
  std::string compares;
  for (const auto& [key, value] : seen) {
    // A key that is absent has no revision to compare.
    const std::string what = value.value
                                 ? "\"MOD\",\"mod_revision\":\"" + std::to_string(value.version)
                                 : std::string("\"VERSION\",\"version\":\"0");
    compares += (compares.empty() ? "{" : ",{") + key_member(key) +
                ",\"result\":\"EQUAL\",\"target\":" + what + "\"}";
  }
  std::string puts;
  for (const auto& [key, value] : fresh) {
    puts += (puts.empty() ? "" : ",") + std::string("{\"request_put\":{") + key_member(key) +
            ",\"value\":\"" + base64(value) + "\"}}";
  }
  Answer answer;
  auto failure = read_answer(
      request, post("/v3/kv/txn", "{\"compare\":[" + compares + "],\"success\":[" + puts + "]}"),
      &answer);
  if (failure) return *failure;
  if (answer.succeeded) return outcome(EventType::ok, OpErrorClass::none, "");
  return outcome(EventType::fail, OpErrorClass::mismatch, "another transaction was faster");
}

}  // namespace

Outcome transact(const OpRequest& request, const Post& post, bool any_node) {
  VersionedStore store;
  store.read = [&](VersionedValues* values) {
    return read(post, any_node && !request.changes(), values);
  };
  store.commit = [&](const VersionedValues& seen, const FreshValues& fresh) {
    return commit(request, post, seen, fresh);
  };
  return transact_optimistically(request, store);
}

}  // namespace sunder::harness::etcd
