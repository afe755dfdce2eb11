// Client: one HTTP request per call; see sunder/client.hpp. One of the two files that include httplib.
//
// PartitionRequest, FaultSpec, … → JSON → HTTP → JSON → Applied, RuleReport, or the API's Error.
// No keep-alive, so no request is ever sent twice behind the caller's back.
// Thread: one at a time. Tested by tests/control/server_test.cpp.
#include "sunder/client.hpp"

#include <httplib.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "control/json_text.hpp"

namespace sunder {
namespace {

using control::json_array;
using control::json_quoted;
using control::JsonText;
using nlohmann::json;

constexpr time_t kConnectSeconds = 2;
constexpr time_t kAnswerSeconds = 15;
constexpr std::size_t kFirstLineMax = 64 * 1024;

Error unreachable(const std::string& url, const std::string& why) {
  return {ErrorCode::unavailable,
          "no sunder answers at " + url + " (" + why +
              "); is a run active? give its address with --api or in SUNDER_API",
          "", "unreachable"};
}

ErrorCode code_of(int status) {
  for (const ErrorCode code : {ErrorCode::not_found, ErrorCode::exists, ErrorCode::unsupported,
                               ErrorCode::unavailable, ErrorCode::timeout}) {
    if (http_status(code) == status) return code;
  }
  return status >= 500 ? ErrorCode::io : ErrorCode::invalid;
}

/// The API's own error; a body of another form is reported as it is.
Error error_of(int status, const std::string& body) {
  const json parsed = json::parse(body, nullptr, false);
  Error out{code_of(status), "the API answered with status " + std::to_string(status)};
  if (!parsed.is_object() || !parsed.contains("error") || !parsed["error"].is_object()) return out;
  const json& error = parsed["error"];
  const auto text = [&](const char* key) {
    const auto found = error.find(key);
    return found != error.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  out.id = text("code");
  out.where = text("field");
  if (const std::string message = text("message"); !message.empty()) out.message = message;
  return out;
}

std::vector<Pair> pairs_of(const json& list) {
  std::vector<Pair> out;
  for (const json& item : list) {
    out.push_back({item.at(0).get<std::string>(), item.at(1).get<std::string>()});
  }
  return out;
}

Nanos nanos_or_zero(const json& value) {
  return value.is_null() ? 0 : value.get<Nanos>();
}

RuleReport rule_of(const json& in) {
  RuleReport out;
  out.name = in.at("name").get<std::string>();
  out.kind = in.at("kind").get<std::string>();
  out.pairs = pairs_of(in.at("pairs"));
  out.asked_at = in.at("asked_at").get<Nanos>();
  out.in_force_at = in.at("in_force_at").get<Nanos>();
  out.healed_at = nanos_or_zero(in.at("healed_at"));
  const json& touched = in.at("touched");
  out.touched.connections = touched.at("connections").get<std::uint64_t>();
  out.touched.bytes = touched.at("bytes").get<std::uint64_t>();
  out.touched.packets = touched.at("packets").get<std::uint64_t>();
  out.touched.attempts = touched.at("attempts").get<std::uint64_t>();
  out.touched.held_ns = touched.at("held_ns").get<Nanos>();
  out.vacuous = in.at("vacuous").get<bool>();
  return out;
}

Applied applied_of(const json& in) {
  Applied out;
  out.epoch = in.at("epoch").get<std::uint64_t>();
  out.name = in.at("name").get<std::string>();
  out.asked_at = in.at("asked_at").get<Nanos>();
  out.in_force_at = in.at("in_force_at").get<Nanos>();
  out.loops_took = in.at("loops_took").get<Nanos>();
  out.pairs = pairs_of(in.at("pairs"));
  for (const json& rule : in.at("removed")) out.removed.push_back(rule_of(rule));
  return out;
}

std::vector<RuleReport> rules_of(const json& in) {
  std::vector<RuleReport> out;
  for (const json& rule : in.at("rules")) out.push_back(rule_of(rule));
  return out;
}

/// Parses an answer; nlohmann throws where a field is missing or of another type.
template <class T>
Result<T> read_answer(const Result<std::string>& body, T (*read)(const json&)) {
  if (!body) return body.error();
  try {
    return read(json::parse(*body));
  } catch (const json::exception& e) {
    return Error{ErrorCode::internal,
                 std::string("the API gave an answer of another form: ") + e.what()};
  }
}

Error no_fault(const std::string& name) {
  return {ErrorCode::not_found, "there is no fault \"" + name + "\" in force", "name",
          "unknown_name"};
}

/// A name as one part of a path (RFC 3986, section 2.1).
std::string in_path(const std::string& name) {
  constexpr const char* kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    }
  }
  return out;
}

std::string list_of(const std::vector<std::string>& names) {
  std::vector<std::string> items;
  for (const std::string& name : names) items.push_back(json_quoted(name));
  return json_array(items);
}

}  // namespace

struct Client::State {
  std::string url;
  std::unique_ptr<httplib::Client> http;

  Result<std::string> answer(const httplib::Result& result) const {
    if (!result) {
      const bool nobody = result.error() == httplib::Error::Connection;
      return unreachable(url, nobody ? "connection refused" : httplib::to_string(result.error()));
    }
    if (result->status != 200) return error_of(result->status, result->body);
    return result->body;
  }
  Result<std::string> post(const std::string& path, const std::string& body) const {
    if (http == nullptr) return unreachable(url, "not of the form http://127.0.0.1:8474");
    return answer(http->Post(path, body, "application/json"));
  }
  Result<std::string> get(const std::string& path) const {
    if (http == nullptr) return unreachable(url, "not of the form http://127.0.0.1:8474");
    return answer(http->Get(path));
  }
  Result<std::string> patch(const std::string& path, const std::string& body) const {
    if (http == nullptr) return unreachable(url, "not of the form http://127.0.0.1:8474");
    return answer(http->Patch(path, body, "application/json"));
  }
  Result<std::string> remove(const std::string& path) const {
    if (http == nullptr) return unreachable(url, "not of the form http://127.0.0.1:8474");
    return answer(http->Delete(path));
  }
};

Client::Client(std::string url) : state_(std::make_unique<State>()) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  state_->url = std::move(url);
  if (state_->url.rfind("http://", 0) != 0) return;  // https or a typing error: said by each call
  try {
    state_->http = std::make_unique<httplib::Client>(state_->url);
  } catch (const std::exception&) {
    return;
  }
  if (!state_->http->is_valid()) {
    state_->http.reset();
    return;
  }
  state_->http->set_keep_alive(false);
  state_->http->set_tcp_nodelay(true);
  state_->http->set_connection_timeout(kConnectSeconds);
  state_->http->set_read_timeout(kAnswerSeconds);
  state_->http->set_write_timeout(kAnswerSeconds);
  state_->http->set_default_headers({{"User-Agent", "sunder"}});
}

Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Applied> Client::partition(const PartitionRequest& request) {
  JsonText body;
  if (!request.groups.empty()) {
    std::vector<std::string> groups;
    for (const auto& group : request.groups) groups.push_back(list_of(group));
    body.raw("groups", json_array(groups));
  }
  if (!request.pairs.empty()) body.pairs("pairs", request.pairs);
  body.text("kind", name_of(request.kind));
  if (request.one_way) body.boolean("one_way", true);
  if (!request.name.empty()) body.text("name", request.name);
  if (request.lease != 0) body.number("lease", request.lease);
  if (!request.lease_name.empty()) body.text("lease", request.lease_name);
  if (request.flap_on != 0) {
    body.number("flap_on", request.flap_on).number("flap_off", request.flap_off);
  }
  if (const ShapeSpec& shape = request.shape; !shape.shape.empty()) {
    body.text("shape", shape.shape).number("seed", shape.seed);
    if (!shape.nodes.empty()) body.raw("nodes", list_of(shape.nodes));
    if (!shape.leader.empty()) body.text("leader", shape.leader);
    if (!shape.leader_side.empty()) body.text("leader_side", shape.leader_side);
  }
  return read_answer(state_->post("/v1/partition", body.object()), applied_of);
}

Result<Applied> Client::heal(const std::vector<std::string>& names, bool all) {
  JsonText body;
  if (!names.empty()) body.raw("names", list_of(names));
  if (all) body.boolean("all", true);
  return read_answer(state_->post("/v1/heal", body.object()), applied_of);
}

Result<Applied> Client::add_fault(const FaultSpec& fault, const std::string& lease) {
  JsonText params;
  for (const auto& [key, value] : fault.params) params.text(key, value);
  JsonText body;
  body.text("kind", fault.kind).pairs("pairs", fault.pairs).raw("params", params.object());
  if (!fault.name.empty()) body.text("name", fault.name);
  body.real("probability", fault.probability);
  if (fault.duration != 0) body.number("duration", fault.duration);
  if (!fault.frame.empty()) body.text("frame", fault.frame);
  if (fault.after_bytes != 0) body.number("after_bytes", fault.after_bytes);
  if (fault.after_messages != 0) body.number("after_messages", fault.after_messages);
  if (!lease.empty()) body.text("lease", lease);
  return read_answer(state_->post("/v1/faults", body.object()), applied_of);
}

Result<Applied> Client::update_fault(const std::string& name,
                                     const std::map<std::string, std::string>& params,
                                     std::optional<double> probability) {
  if (!valid_name(name)) return no_fault(name);
  JsonText values;
  for (const auto& [key, value] : params) values.text(key, value);
  JsonText body;
  body.raw("params", values.object());
  if (probability) body.real("probability", *probability);
  return read_answer(state_->patch("/v1/faults/" + name, body.object()), applied_of);
}

Result<Applied> Client::remove_fault(const std::string& name) {
  if (!valid_name(name)) return no_fault(name);
  return read_answer(state_->remove("/v1/faults/" + name), applied_of);
}

Result<std::vector<RuleReport>> Client::rules() {
  return read_answer(state_->get("/v1/rules"), rules_of);
}

Status Client::set_node_down(const std::string& node, bool down) {
  if (!valid_name(node)) {
    return Error{ErrorCode::not_found, "there is no node \"" + node + "\"", "node", "unknown_node"};
  }
  const auto answer =
      state_->post("/v1/nodes/" + node + "/down", JsonText().boolean("down", down).object());
  if (!answer) return answer.error();
  return {};
}

Status Client::set_node_pids(const std::string& node, const std::vector<int>& pids) {
  if (!valid_name(node)) {
    return Error{ErrorCode::not_found, "there is no node \"" + node + "\"", "node", "unknown_node"};
  }
  std::vector<std::string> texts;
  for (const int pid : pids) texts.push_back(std::to_string(pid));
  const auto answer = state_->post("/v1/nodes/" + node + "/pids",
                                   JsonText().raw("pids", json_array(texts)).object());
  if (!answer) return answer.error();
  return {};
}

Status Client::note(const std::string& text, const std::map<std::string, std::string>& fields) {
  JsonText body;
  body.text("event", "note").text("text", text);
  for (const auto& [key, value] : fields) body.text(key, value);
  const auto answer = state_->post("/v1/events", body.object());
  if (!answer) return answer.error();
  return {};
}

Result<std::string> Client::add_proxy(const std::string& name, const std::string& listen,
                                      const std::string& upstream) {
  JsonText body;
  body.text("name", name).text("upstream", upstream);
  if (!listen.empty()) body.text("listen", listen);
  return state_->post("/v1/proxies", body.object());
}

Result<std::string> Client::enable_proxy(const std::string& name, bool enabled) {
  return state_->patch("/v1/proxies/" + in_path(name),
                       JsonText().boolean("enabled", enabled).object());
}

Result<std::string> Client::remove_proxy(const std::string& name) {
  return state_->remove("/v1/proxies/" + in_path(name));
}

void Client::set_token(const std::string& token) {
  if (state_->http != nullptr) state_->http->set_bearer_token_auth(token);
}

Status Client::hold(const std::function<bool(const std::string& lease)>& opened,
                    const std::function<bool()>& go_on) {
  if (state_->http == nullptr) {
    return unreachable(state_->url, "not of the form http://127.0.0.1:8474");
  }
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/leases";
  int status = 0;
  bool is_open = false;
  bool ended = false;  // by us
  std::string first;
  request.response_handler = [&](const httplib::Response& answer) {
    status = answer.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (!is_open) {
      first.append(data, size);
      const auto end = first.find('\n');
      if (status != 200 || end == std::string::npos) return first.size() < kFirstLineMax;
      const json line = json::parse(first.substr(0, end), nullptr, false);
      is_open = line.is_object() && line.contains("lease") && line["lease"].is_string();
      ended = !is_open || !opened(line["lease"].get<std::string>());
    }
    ended = ended || !go_on();
    return !ended;
  };
  const httplib::Result result = state_->http->send(request);
  if (ended && is_open) return {};
  if (!result) {
    return is_open ? Error{ErrorCode::unavailable, "the session has ended, and its leases with it"}
                   : unreachable(state_->url, httplib::to_string(result.error()));
  }
  if (status != 200) return error_of(status, first);
  return Error{ErrorCode::unavailable, "the session has ended, and its leases with it"};
}

Result<std::string> Client::get(const std::string& path) {
  return state_->get(path);
}

}  // namespace sunder
