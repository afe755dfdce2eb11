// etcd's answers as values and outcomes. See gateway.hpp; the table of outcomes is in clients/etcd.cpp.
#include "harness/etcd/gateway.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "harness/clients/outcomes.hpp"

namespace sunder::harness::etcd {
namespace {

using Json = nlohmann::json;
using check::OpKind;

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// A member by its snake_case name; the gateway of newer versions may say camelCase. Null where it is missing.
const Json* member(const Json& object, const char* snake, const char* camel = nullptr) {
  if (!object.is_object()) return nullptr;
  auto at = object.find(snake);
  if (at == object.end() && camel != nullptr) at = object.find(camel);
  return at == object.end() ? nullptr : &*at;
}

// A 64-bit number, which JSON carries as a text or as a number, as a text.
std::string number_text(const Json* node) {
  if (node == nullptr) return {};
  return node->is_string() ? node->get<std::string>() : node->dump();
}

std::optional<std::int64_t> number(const Json* node) {
  return whole_number(number_text(node));
}

Found found_in(const Json& range) {
  const Json* kvs = member(range, "kvs");
  if (kvs == nullptr || (kvs->is_array() && kvs->empty())) return {true, std::nullopt, 0};
  if (!kvs->is_array()) return {};
  const Json* value = member(kvs->front(), "value");
  if (value == nullptr || !value->is_string()) return {};
  const auto text = unbase64(value->get<std::string>());
  if (!text) return {};
  const auto revision = number(member(kvs->front(), "mod_revision", "modRevision"));
  return {true, *text, revision.value_or(0)};
}

std::optional<std::vector<std::string>> keys_in(const Json& range) {
  std::vector<std::string> out;
  const Json* kvs = member(range, "kvs");
  if (kvs == nullptr) return out;
  if (!kvs->is_array()) return std::nullopt;
  for (const Json& one : *kvs) {
    const Json* key = member(one, "key");
    if (key == nullptr || !key->is_string()) return std::nullopt;
    auto text = unbase64(key->get<std::string>());
    if (!text) return std::nullopt;
    out.push_back(std::move(*text));
  }
  return out;
}

Answer answer_of(const Json& body) {
  Answer out;
  const Json* succeeded = member(body, "succeeded");  // left out when false
  out.succeeded = succeeded != nullptr && *succeeded == true;
  const Json* header = member(body, "header");
  if (header != nullptr) out.revision = number(member(*header, "revision"));
  const Json* id = member(body, "ID");
  if (id != nullptr && id->is_string()) out.id = id->get<std::string>();
  out.found = found_in(body);
  out.keys = keys_in(body);
  const Json* responses = member(body, "responses");
  if (responses == nullptr || !responses->is_array()) return out;
  for (const Json& one : *responses) {
    const Json* range = member(one, "response_range", "responseRange");
    out.ranges.push_back(range == nullptr ? Found{} : found_in(*range));
  }
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

// What a range holds, as a number. RETURNS false where it is something that sunder did not write.
bool seen_number(const Found& seen, std::optional<std::int64_t>& out) {
  if (!seen.understood || !seen.value) return seen.understood;
  out = whole_number(*seen.value);
  return out.has_value();
}

Outcome read_outcome(const OpRequest& request, const Answer& answer) {
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  if (seen_number(answer.found, out.value)) return out;
  return unsure(request, OpErrorClass::reset, "the key holds something that sunder did not write");
}

Outcome cas_outcome(const OpRequest& request, const Answer& answer) {
  if (answer.succeeded) return outcome(EventType::ok, OpErrorClass::none, "");
  if (answer.ranges.empty()) {
    return unsure(request, OpErrorClass::reset, "the answer to the transaction is not understood");
  }
  Outcome out = outcome(EventType::fail, OpErrorClass::mismatch, "the value was another one");
  out.has_observed = seen_number(answer.ranges.front(), out.observed);
  return out;
}

}  // namespace

std::string key_member(std::string_view key) {
  return "\"key\":\"" + base64(key) + '"';
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

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

std::optional<Outcome> read_answer(const OpRequest& request, const HttpAnswer& said,
                                   Answer* answer) {
  switch (said.end) {
    case HttpEnd::refused: return outcome(EventType::fail, OpErrorClass::refused, said.text);
    case HttpEnd::not_sent: return outcome(EventType::fail, OpErrorClass::not_sent, said.text);
    case HttpEnd::timeout: return unsure(request, OpErrorClass::timeout, said.text);
    case HttpEnd::reset: return unsure(request, OpErrorClass::reset, said.text);
    case HttpEnd::answered: break;
  }
  const Json body = Json::parse(said.body, nullptr, false);
  if (said.status != 200) return error_answer(request, said, body);
  if (!body.is_object()) {
    return unsure(request, OpErrorClass::reset, "the answer is not etcd's JSON");
  }
  *answer = answer_of(body);
  return std::nullopt;
}

Outcome outcome_of(const OpRequest& request, const HttpAnswer& said) {
  Answer answer;
  if (auto failure = read_answer(request, said, &answer)) return *failure;
  return outcome_of(request, answer);
}

Outcome outcome_of(const OpRequest& request, const Answer& answer) {
  switch (request.kind) {
    case OpKind::read: return read_outcome(request, answer);
    case OpKind::cas: return cas_outcome(request, answer);
    default: return outcome(EventType::ok, OpErrorClass::none, "");
  }
}

std::optional<NodeView> view_of(const std::string& body) {
  const Json status = Json::parse(body, nullptr, false);
  const Json* header = member(status, "header");
  if (header == nullptr) return std::nullopt;
  NodeView view;
  view.self = number_text(member(*header, "member_id", "memberId"));
  if (view.self.empty()) return std::nullopt;
  view.leader = number_text(member(status, "leader"));
  if (view.leader == "0") view.leader.clear();
  const auto term = number(member(status, "raftTerm", "raft_term"));
  view.term = static_cast<std::uint64_t>(std::max<std::int64_t>(0, term.value_or(0)));
  return view;
}

}  // namespace sunder::harness::etcd
