// See commands.hpp.
#include "harness/redis/commands.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "harness/clients/outcomes.hpp"

namespace sunder::harness::redis {
namespace {

using check::OpKind;
using Kind = Reply::Kind;

// An empty first argument: the key must be absent.
constexpr const char* kCas = R"(#!lua
local old = redis.call('GET', KEYS[1])
if (old or '') ~= ARGV[1] then return {0, old} end
redis.call('SET', KEYS[1], ARGV[2])
return {1})";

// An argument for each key: what is appended, or nothing for a read.
constexpr const char* kTxn = R"(
local out = {}
for i, key in ipairs(KEYS) do
  if ARGV[i] == '' then out[#out + 1] = redis.call('LRANGE', key, 0, -1)
  else redis.call('RPUSH', key, ARGV[i]) end
end
return out)";

constexpr const char* kTransfer = R"(#!lua
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then return 0 end
redis.call('DECRBY', KEYS[1], ARGV[1])
redis.call('INCRBY', KEYS[2], ARGV[1])
return 1)";

constexpr const char* kRelease = R"(#!lua
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1]))";

constexpr std::array<std::string_view, 7> kRefusals{
    "READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "MISCONF", "BUSY"};

std::vector<std::string> txn_words(const OpRequest& request) {
  std::vector<std::string> out{"EVAL", (request.changes() ? "#!lua" : "#!lua flags=no-writes")};
  out[1] += kTxn;
  out.push_back(std::to_string(request.txn.size()));
  for (const MicroRequest& op : request.txn) out.push_back(op.key);
  for (const MicroRequest& op : request.txn)
    out.push_back(op.append ? std::to_string(op.value) : "");
  return out;
}

std::optional<std::int64_t> number(const Reply& reply) {
  if (reply.kind == Kind::number) return reply.number;
  if (reply.kind != Kind::text) return std::nullopt;
  std::int64_t out = 0;
  const char* end = reply.text.data() + reply.text.size();
  const auto parsed = std::from_chars(reply.text.data(), end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return out;
}

std::optional<std::vector<std::int64_t>> numbers(const Reply& reply) {
  std::vector<std::int64_t> out;
  for (const Reply& item : reply.items) {
    const auto one = number(item);
    if (!one) return std::nullopt;
    out.push_back(*one);
  }
  return out;
}

Outcome done() {
  return outcome(EventType::ok, OpErrorClass::none, "");
}

Outcome mismatch(std::string text) {
  return outcome(EventType::fail, OpErrorClass::mismatch, std::move(text));
}

Outcome strange(const OpRequest& request) {
  return unsure(request, OpErrorClass::reset, "the reply has not the form that was asked for");
}

Outcome error_outcome(const OpRequest& request, const std::string& text) {
  const std::string_view code = std::string_view(text).substr(0, text.find(' '));
  if (std::find(kRefusals.begin(), kRefusals.end(), code) != kRefusals.end()) {
    return outcome(EventType::fail, OpErrorClass::refused, text);
  }
  if (request.kind == OpKind::txn || request.kind == OpKind::transfer) {
    return unsure(request, OpErrorClass::definite, text);
  }
  return outcome(EventType::fail, OpErrorClass::definite, text);
}

Outcome read_outcome(const OpRequest& request, const Reply& reply) {
  Outcome out = done();
  if (!request.accounts.empty()) {
    if (reply.kind != Kind::list || reply.items.size() != request.accounts.size()) {
      return strange(request);
    }
    for (std::size_t i = 0; i < reply.items.size(); ++i) {
      const auto balance = number(reply.items[i]);
      if (balance) out.balances[request.accounts[i]] = *balance;
    }
    return out;
  }
  if (reply.kind == Kind::list) {
    out.list = numbers(reply);
    return out.list ? out : strange(request);
  }
  out.value = number(reply);
  return out.value || reply.kind == Kind::null ? out : strange(request);
}

Outcome cas_outcome(const OpRequest& request, const Reply& reply) {
  if (reply.kind != Kind::list || reply.items.empty()) return strange(request);
  if (reply.items[0].number == 1) return done();
  if (reply.items.size() != 2) return strange(request);
  Outcome out = mismatch("another value was there");
  out.has_observed = true;
  out.observed = number(reply.items[1]);
  return out;
}

Outcome txn_outcome(const OpRequest& request, const Reply& reply) {
  const auto reads = std::count_if(request.txn.begin(), request.txn.end(),
                                   [](const MicroRequest& op) { return !op.append; });
  if (reply.kind != Kind::list || reply.items.size() != static_cast<std::size_t>(reads)) {
    return strange(request);
  }
  Outcome out = done();
  for (const Reply& item : reply.items) {
    auto list = numbers(item);
    if (!list) return strange(request);
    if (list->empty()) list.reset();  // Redis has no empty lists
    out.lists.push_back(std::move(list));
  }
  return out;
}

// 1: done; 0: the script looked, and left all as it was.
Outcome script_outcome(const OpRequest& request, const Reply& reply, const char* refusal) {
  if (reply.kind != Kind::number) return strange(request);
  return reply.number == 1 ? done() : mismatch(refusal);
}

}  // namespace

std::vector<std::string> words_of(const OpRequest& request, Nanos lock_time) {
  const std::string value = std::to_string(request.value);
  switch (request.kind) {
    case OpKind::read: {
      if (request.accounts.empty()) return {"GET", request.key};
      std::vector<std::string> out{"MGET"};
      out.insert(out.end(), request.accounts.begin(), request.accounts.end());
      return out;
    }
    case OpKind::write: return {"SET", request.key, value};
    case OpKind::increment: return {"INCRBY", request.key, value};
    case OpKind::add: return {"SADD", request.key, value};
    case OpKind::cas:
      return {
          "EVAL", kCas, "1", request.key, request.expected ? std::to_string(*request.expected) : "",
          value};
    case OpKind::txn: return txn_words(request);
    case OpKind::transfer: return {"EVAL", kTransfer, "2", request.from, request.to, value};
    case OpKind::acquire:
      return {"SET", request.key, value, "NX", "PX", std::to_string(lock_time / kMillisecond)};
    case OpKind::release: return {"EVAL", kRelease, "1", request.key, value};
    default: return {"PING"};
  }
}

bool is_collection(const Answer& answer) {
  return answer.step.ok() && answer.reply.kind == Kind::error &&
         answer.reply.text.rfind("WRONGTYPE", 0) == 0;
}

Outcome outcome_of(const OpRequest& request, const Answer& answer) {
  if (!answer.step.ok()) return harness::outcome_of(request, answer.step);
  const Reply& reply = answer.reply;
  if (reply.kind == Kind::error) return error_outcome(request, reply.text);
  switch (request.kind) {
    case OpKind::read: return read_outcome(request, reply);
    case OpKind::write: return reply.kind == Kind::status ? done() : strange(request);
    case OpKind::increment:
    case OpKind::add: return reply.kind == Kind::number ? done() : strange(request);
    case OpKind::cas: return cas_outcome(request, reply);
    case OpKind::txn: return txn_outcome(request, reply);
    case OpKind::transfer:
      return script_outcome(request, reply, "there is not enough on the account");
    case OpKind::acquire:
      if (reply.kind == Kind::null) return mismatch("the lock is taken");
      return reply.kind == Kind::status ? done() : strange(request);
    case OpKind::release:
      return script_outcome(request, reply, "the lock had ended before it was released");
    default: return strange(request);
  }
}

Outcome outcome_of_wait(const OpRequest& request, const Outcome& done, const Answer& answer,
                        std::int64_t replicas) {
  if (!answer.step.ok()) {
    // The change itself is done here: no failure of WAIT undoes it.
    const bool late = answer.step.end == StreamEnd::timeout;
    return unsure(request, late ? OpErrorClass::timeout : OpErrorClass::reset, answer.step.text);
  }
  if (answer.reply.kind == Kind::number && answer.reply.number >= replicas) return done;
  return unsure(request, OpErrorClass::definite,
                "done at this server; too few replicas have told that they have it");
}

}  // namespace sunder::harness::redis
