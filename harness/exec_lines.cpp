// The lines of the `exec` protocol, made and read. See exec_lines.hpp and docs/reference/exec-client.md, its specification.
//
//   the program says                                read                all else, but for a transaction that only reads
//   ok                                              ok                  ok
//   fail with not-sent, refused, definite, mismatch fail                fail
//   fail without a class                            fail/definite       fail/definite
//   fail with timeout, reset or a class unknown     fail                info: "surely not" can't be said of these
//   info                                            fail: no effect     info
//   ok with a value that is not the kind's          fail/reset          info/reset
// Thread: pure. Tested by tests/harness/exec_client_test.cpp.
#include "harness/exec_lines.hpp"

#include <nlohmann/json.hpp>

#include "harness/clients/outcomes.hpp"

namespace sunder::harness {
namespace {

using Json = nlohmann::json;
using check::OpKind;

Json json_or_null(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// [["r","k1",null],["append","k1",3]]
Json txn_of(const OpRequest& request) {
  Json out = Json::array();
  for (const MicroRequest& op : request.txn) {
    out.push_back(Json::array(
        {op.append ? "append" : "r", op.key, op.append ? Json(op.value) : Json(nullptr)}));
  }
  return out;
}

Json value_of(const OpRequest& request) {
  switch (request.kind) {
    case OpKind::read: return request.accounts.empty() ? Json(nullptr) : Json(request.accounts);
    case OpKind::cas: return Json::array({json_or_null(request.expected), request.value});
    case OpKind::txn: return txn_of(request);
    case OpKind::transfer:
      return {{"from", request.from}, {"to", request.to}, {"amount", request.value}};
    default: return request.value;
  }
}

std::string one_line(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string text_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

// A value of a read: a number, null (absent), or a list of numbers. RETURNS false for anything else.
bool take_value(const Json& value, Outcome& out) {
  if (value.is_null()) return true;
  if (value.is_number_integer()) {
    out.value = value.get<std::int64_t>();
    return true;
  }
  if (!value.is_array()) return false;
  out.list.emplace();
  for (const Json& item : value) {
    if (!item.is_number_integer()) return false;
    out.list->push_back(item.get<std::int64_t>());
  }
  return true;
}

// Accounts with their balances. RETURNS false for anything else.
bool take_balances(const Json& value, Outcome& out) {
  if (!value.is_object()) return false;
  for (const auto& [account, balance] : value.items()) {
    if (!balance.is_number_integer()) return false;
    out.balances[account] = balance.get<std::int64_t>();
  }
  return true;
}

// The request's transaction with the lists that its reads saw. RETURNS false for anything else.
bool take_txn(const OpRequest& request, const Json& value, Outcome& out) {
  if (!value.is_array() || value.size() != request.txn.size()) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (request.txn[i].append) continue;
    if (!value[i].is_array() || value[i].size() != 3) return false;
    Outcome seen;
    if (!take_value(value[i][2], seen) || seen.value) return false;
    out.lists.push_back(std::move(seen.list));
  }
  return true;
}

// What an answer must bring. RETURNS an empty text where it is there, else what is missing.
std::string take_answer(const OpRequest& request, const Json& value, Outcome& out) {
  switch (request.kind) {
    case OpKind::read:
      if (!request.accounts.empty()) {
        return take_balances(value, out) ? "" : "a read of accounts without their balances";
      }
      return take_value(value, out) ? ""
                                    : "a read without a value that is a number, null or a list";
    case OpKind::txn:
      return take_txn(request, value, out) ? "" : "a transaction without the lists that it read";
    case OpKind::acquire:
      if (value.is_number_integer()) out.value = value.get<std::int64_t>();
      return "";
    default: return "";
  }
}

Outcome ok_answer(const OpRequest& request, const Json& body) {
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  const auto value = body.find("value");
  const bool must = request.kind == OpKind::read || request.kind == OpKind::txn;
  if (must && value == body.end()) {
    return unsure(request, OpErrorClass::reset, "the client program answered without a value");
  }
  const std::string missing =
      take_answer(request, value == body.end() ? Json(nullptr) : *value, out);
  if (!missing.empty()) {
    return unsure(request, OpErrorClass::reset, "the client program answered " + missing);
  }
  return out;
}

OpErrorClass class_of(const std::string& word) {
  using C = OpErrorClass;
  for (const C c : {C::not_sent, C::refused, C::definite, C::mismatch, C::timeout, C::reset}) {
    if (word == name_of(c)) return c;
  }
  return word.empty() ? C::none : C::reset;
}

}  // namespace

std::string exec_hello(const ClientTarget& target) {
  Json hello{{"hello", kExecProtocol},
             {"client", target.name},
             {"host", to_string(target.node.ip)},
             {"port", target.node.port},
             {"timeout_ms", target.timeout * 9 / 10 / kMillisecond},
             {"reads", target.reads},
             {"options", target.options}};
  if (target.source != 0) hello["source"] = to_string(target.source);
  return one_line(hello);
}

std::string exec_request(std::int64_t id, const OpRequest& request) {
  return one_line({{"id", id},
                   {"f", check::name_of(request.kind)},
                   {"key", request.key.empty() ? Json(nullptr) : Json(request.key)},
                   {"value", value_of(request)}});
}

ExecLine exec_line(std::string_view line) {
  const Json body = Json::parse(line, nullptr, false);
  if (!body.is_object()) return {};
  const auto hello = body.find("hello");
  if (hello != body.end()) {
    return {*hello == kExecProtocol ? ExecLine::Kind::hello : ExecLine::Kind::broken, -1};
  }
  const auto id = body.find("id");
  if (id == body.end() || !id->is_number_integer()) return {};
  return {ExecLine::Kind::answer, id->get<std::int64_t>()};
}

Outcome exec_outcome(const OpRequest& request, std::string_view line) {
  const Json body = Json::parse(line, nullptr, false);
  const std::string type = body.is_object() ? text_of(body, "type") : std::string{};
  if (type == "ok") return ok_answer(request, body);
  if (type != "fail" && type != "info") {
    return unsure(request, OpErrorClass::reset, "the client program's answer is not understood");
  }
  const auto error = body.find("error");
  const bool told = error != body.end() && error->is_object();
  const std::string text = told ? text_of(*error, "text") : std::string{};
  OpErrorClass said = class_of(told ? text_of(*error, "class") : std::string{});
  if (type == "info") {
    return unsure(request, said == OpErrorClass::timeout ? said : OpErrorClass::reset, text);
  }
  if (said == OpErrorClass::none) said = OpErrorClass::definite;
  if (said == OpErrorClass::timeout || said == OpErrorClass::reset) {
    return unsure(request, said, text);
  }
  Outcome out = outcome(EventType::fail, said, text);
  const auto observed = body.find("observed");
  if (said == OpErrorClass::mismatch && observed != body.end() &&
      (observed->is_null() || observed->is_number_integer())) {
    out.has_observed = true;
    if (!observed->is_null()) out.observed = observed->get<std::int64_t>();
  }
  return out;
}

}  // namespace sunder::harness
