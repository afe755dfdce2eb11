// Transactions on etcd: optimistic, in two requests, as its own libraries make them (clientv3/concurrency/stm.go).
//
// request → one txn of ranges: all values and their revisions, of one moment → **new values** → one txn that puts them if
// no revision has changed. A list is a text of numbers with commas. What only reads is done after the first request; what
// writes compares everything that it read, so that all of it happens at the moment of the second one. Its failure there is
// `mismatch`: nothing was written, and nobody tries again. Failures of the first request have no effect, whatever they are.
// Thread: one client's. Tested by tests/harness/etcd_txn_test.cpp.
#include <charconv>
#include <map>

#include "harness/clients/outcomes.hpp"
#include "harness/etcd/gateway.hpp"

namespace sunder::harness::etcd {
namespace {

using check::OpKind;
using List = std::vector<std::int64_t>;
using Values = std::map<std::string, Found>;

// "3,1,2". Nothing for anything else.
std::optional<List> list_of(const std::string& text) {
  List out;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc{}) return std::nullopt;
    out.push_back(number);
    at = parsed.ptr;
    if (at != end && *at++ != ',') return std::nullopt;
  }
  return out;
}

std::string text_of(const List& list) {
  std::string out;
  for (const std::int64_t number : list) out += (out.empty() ? "" : ",") + std::to_string(number);
  return out;
}

// Which keys a request reads or writes, each once.
Values keys_of(const OpRequest& request) {
  Values out;
  for (const MicroRequest& op : request.txn) out[op.key];
  for (const std::string& account : request.accounts) out[account];
  if (request.kind == OpKind::transfer) {
    out[request.from];
    out[request.to];
  }
  return out;
}

Outcome strange(const OpRequest& request) {
  return unsure(request, OpErrorClass::reset, "the answer to the transaction is not understood");
}

// Fills `values`. RETURNS an outcome where that did not work: without any effect.
std::optional<Outcome> read(const Post& post, bool any_node, Values* values) {
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
    value = std::move(answer.ranges[i++]);
    if (!value.understood) return strange(reading);
  }
  return std::nullopt;
}

// Puts the new values if nothing has changed.
Outcome commit(const OpRequest& request, const Post& post, const Values& seen,
               const std::map<std::string, std::string>& fresh) {
  std::string compares;
  for (const auto& [key, value] : seen) {
    // A key that is absent has no revision to compare.
    const std::string what =
        value.value ? "\"MOD\",\"mod_revision\":\"" + std::to_string(value.mod_revision)
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

Outcome transact_lists(const OpRequest& request, const Post& post, const Values& seen) {
  std::map<std::string, List> lists;
  for (const auto& [key, value] : seen) {
    if (!value.value) continue;
    const auto list = list_of(*value.value);
    if (!list) return outcome(EventType::fail, OpErrorClass::definite, "the key holds no list");
    lists[key] = *list;
  }
  std::vector<std::optional<List>> reads;
  std::map<std::string, std::string> fresh;
  for (const MicroRequest& op : request.txn) {
    const auto at = lists.find(op.key);
    if (!op.append) {
      reads.push_back(at == lists.end() ? std::optional<List>() : at->second);
      continue;
    }
    List& list = lists[op.key];
    list.push_back(op.value);
    fresh[op.key] = text_of(list);
  }
  Outcome out = fresh.empty() ? outcome(EventType::ok, OpErrorClass::none, "")
                              : commit(request, post, seen, fresh);
  if (out.type == EventType::ok) out.lists = std::move(reads);
  return out;
}

Outcome transfer(const OpRequest& request, const Post& post, const Values& seen,
                 std::map<std::string, std::int64_t> balances) {
  if (balances.size() != 2) {
    return outcome(EventType::fail, OpErrorClass::definite, "there is no such account");
  }
  std::int64_t& from = balances[request.from];
  if (from < request.value) {
    return outcome(EventType::fail, OpErrorClass::mismatch, "there is not enough on the account");
  }
  from -= request.value;
  balances[request.to] += request.value;
  std::map<std::string, std::string> fresh;
  for (const auto& [account, balance] : balances) fresh[account] = std::to_string(balance);
  return commit(request, post, seen, fresh);
}

}  // namespace

Outcome transact(const OpRequest& request, const Post& post, bool any_node) {
  Values seen = keys_of(request);
  if (auto failure = read(post, any_node && !request.changes(), &seen)) return *failure;
  if (request.kind == OpKind::txn) return transact_lists(request, post, seen);
  std::map<std::string, std::int64_t> balances;
  for (const auto& [account, value] : seen) {
    if (!value.value) continue;
    const auto balance = whole_number(*value.value);
    if (!balance)
      return outcome(EventType::fail, OpErrorClass::definite, "the key holds no balance");
    balances[account] = *balance;
  }
  if (request.kind == OpKind::transfer) return transfer(request, post, seen, std::move(balances));
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  out.balances = std::move(balances);
  return out;
}

}  // namespace sunder::harness::etcd
