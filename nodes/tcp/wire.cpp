// See wire.hpp.
#include "nodes/tcp/wire.hpp"

#include <nlohmann/json.hpp>

namespace sunder::nodes {
namespace {

using Json = nlohmann::json;

constexpr Kind kKinds[] = {Kind::read, Kind::write, Kind::cas, Kind::add, Kind::increment};
constexpr unsigned kAnswers = 4;

Json parse(std::string_view line) {
  return Json::parse(line, nullptr, false);  // discarded where it is no JSON
}

Json to_json(const Value& value) {
  return value ? Json(*value) : Json(nullptr);
}

Value value_of(const Json& json) {
  if (json.is_number_integer()) return json.get<std::int64_t>();
  return std::nullopt;
}

// Text of the system or of a mode; never throws on bytes that are no UTF-8.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Error bad_line(const std::string& what) {
  return Error{ErrorCode::invalid, what + R"(; a request is a line like {"f":"read","key":"k1"})"};
}

Status read_value(const Json& json, Request& request) {
  const auto at = json.find("value");
  if (request.kind == Kind::read) return {};
  if (request.kind == Kind::cas) {
    const bool pair = at != json.end() && at->is_array() && at->size() == 2;
    if (!pair || !(*at)[1].is_number_integer()) return bad_line("a cas has \"value\":[old,new]");
    request.expected = value_of((*at)[0]);
    request.value = (*at)[1].get<std::int64_t>();
    return {};
  }
  if (at == json.end() || !at->is_number_integer()) return bad_line("\"value\" is a whole number");
  request.value = at->get<std::int64_t>();
  return {};
}

}  // namespace

Result<ClientLine> parse_client_line(std::string_view line) {
  const Json json = parse(line);
  if (!json.is_object()) return bad_line("not a JSON object");
  ClientLine out;
  const auto id = json.find("id");
  if (id != json.end()) out.client_id = value_of(*id);
  const auto f = json.find("f");
  const std::string name =
      f != json.end() && f->is_string() ? f->get<std::string>() : std::string();
  if (name == "status") {
    out.status = true;
    return out;
  }
  bool known = false;
  for (const Kind kind : kKinds) {
    if (name != name_of(kind)) continue;
    out.request.kind = kind;
    known = true;
  }
  if (!known) return bad_line("\"f\" is read, write, cas, add, increment or status");
  const auto key = json.find("key");
  if (key == json.end() || !key->is_string()) return bad_line("\"key\" is a text");
  out.request.key = key->get<std::string>();
  SUNDER_TRY(read_value(json, out.request));
  return out;
}

std::string reply_line(const Reply& reply, Kind kind, std::optional<std::int64_t> client_id) {
  Json out = Json::object();
  if (client_id) out["id"] = *client_id;
  switch (reply.answer) {
    case Answer::ok:
      out["type"] = "ok";
      if (kind == Kind::read)
        out["value"] = reply.is_list ? Json(reply.list) : to_json(reply.value);
      break;
    case Answer::mismatch:
      out["type"] = "fail";
      out["error"] = "mismatch";
      out["observed"] = to_json(reply.value);
      break;
    case Answer::no:
      out["type"] = "fail";
      out["error"] = "definite";
      out["text"] = reply.text;
      break;
    case Answer::unknown:
      out["type"] = "info";
      out["text"] = reply.text;
      break;
  }
  return line_of(out);
}

std::string error_line(const std::string& text) {
  return line_of({{"type", "fail"}, {"error", "definite"}, {"text", text}});
}

std::string status_line(std::string_view node, std::string_view mode, std::string_view leader) {
  Json out = {{"node", node}, {"mode", mode}};
  if (!leader.empty()) out["leader"] = leader;
  return line_of(out);
}

std::string hello_line(std::string_view node) {
  return line_of({{"hello", node}});
}

std::optional<std::string> parse_hello(std::string_view line) {
  const Json json = parse(line);
  if (!json.is_object()) return std::nullopt;
  const auto at = json.find("hello");
  if (at == json.end() || !at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

std::string message_line(const Message& message) {
  Json out = {{"t", message.type}, {"r", message.round}};
  if (message.kind != Kind::read) out["f"] = static_cast<unsigned>(message.kind);
  if (message.answer != Answer::ok) out["a"] = static_cast<unsigned>(message.answer);
  if (!message.key.empty()) out["k"] = message.key;
  if (message.value) out["v"] = *message.value;
  if (message.expected) out["x"] = *message.expected;
  if (message.tag != Tag{}) out["g"] = {message.tag.time, message.tag.node};
  if (!message.numbers.empty()) out["n"] = message.numbers;
  return line_of(out);
}

std::optional<Message> parse_message(std::string_view line) {
  const Json json = parse(line);
  if (!json.is_object()) return std::nullopt;
  Message out;
  for (const auto& [name, value] : json.items()) {
    if (name == "k" && value.is_string()) {
      out.key = value.get<std::string>();
    } else if (name == "n" && value.is_array()) {
      for (const Json& number : value) out.numbers.push_back(value_of(number).value_or(0));
    } else if (name == "g" && value.is_array() && value.size() == 2) {
      out.tag.time = value_of(value[0]).value_or(0);
      out.tag.node = static_cast<NodeIndex>(value_of(value[1]).value_or(0));
    } else if (!value.is_number_integer()) {
      return std::nullopt;
    } else {
      const auto number = value.get<std::int64_t>();
      if (name == "t") out.type = static_cast<std::uint32_t>(number);
      if (name == "r") out.round = static_cast<std::uint64_t>(number);
      if (name == "f" && number >= 0 && number < std::ssize(kKinds)) out.kind = kKinds[number];
      if (name == "a" && number >= 0 && number < kAnswers) out.answer = static_cast<Answer>(number);
      if (name == "v") out.value = number;
      if (name == "x") out.expected = number;
    }
  }
  return out;
}

}  // namespace sunder::nodes
