// See optimistic.hpp.
#include "harness/optimistic.hpp"

#include <charconv>
#include <vector>

#include "harness/clients/outcomes.hpp"

namespace sunder::harness {
namespace {

using check::OpKind;
using List = std::vector<std::int64_t>;

// "3,1,2". Nothing for anything else.
std::optional<List> stored_list(const std::string& text) {
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
VersionedValues keys_of(const OpRequest& request) {
  VersionedValues out;
  for (const MicroRequest& op : request.txn) out[op.key];
  for (const std::string& account : request.accounts) out[account];
  if (request.kind == OpKind::transfer) {
    out[request.from];
    out[request.to];
  }
  if (request.kind == OpKind::increment) out[request.key];
  return out;
}

std::optional<Outcome> confirm(const VersionedStore& store, const VersionedValues& seen) {
  return store.confirm ? store.confirm(seen) : std::nullopt;
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

Outcome transact_lists(const OpRequest& request, const VersionedStore& store,
                       const VersionedValues& seen) {
  std::map<std::string, List> lists;
  for (const auto& [key, value] : seen) {
    if (!value.value) continue;
    const auto list = stored_list(*value.value);
    if (!list) return outcome(EventType::fail, OpErrorClass::definite, "the key holds no list");
    lists[key] = *list;
  }
  std::vector<std::optional<List>> reads;
  FreshValues fresh;
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
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  if (!fresh.empty()) {
    out = store.commit(seen, fresh);
  } else if (auto failure = confirm(store, seen)) {
    return *failure;
  }
  if (out.type == EventType::ok) out.lists = std::move(reads);
  return out;
}

Outcome transfer(const OpRequest& request, const VersionedStore& store, const VersionedValues& seen,
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
  FreshValues fresh;
  for (const auto& [account, balance] : balances) fresh[account] = std::to_string(balance);
  return store.commit(seen, fresh);
}

}  // namespace

Outcome transact_optimistically(const OpRequest& request, const VersionedStore& store) {
  VersionedValues seen = keys_of(request);
  if (auto failure = store.read(&seen)) return *failure;
  if (request.kind == OpKind::txn) return transact_lists(request, store, seen);
  std::map<std::string, std::int64_t> balances;
  for (const auto& [account, value] : seen) {
    if (!value.value) continue;
    const auto balance = whole_number(*value.value);
    if (!balance)
      return outcome(EventType::fail, OpErrorClass::definite, "the key holds no number");
    balances[account] = *balance;
  }
  if (request.kind == OpKind::transfer) return transfer(request, store, seen, std::move(balances));
  if (request.kind == OpKind::increment) {
    const std::int64_t sum = balances[request.key] + request.value;
    return store.commit(seen, {{request.key, std::to_string(sum)}});
  }
  if (auto failure = confirm(store, seen)) return *failure;
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  out.balances = std::move(balances);
  return out;
}

}  // namespace sunder::harness
