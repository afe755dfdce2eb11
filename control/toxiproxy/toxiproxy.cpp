// The requests on proxies; see toxiproxy.hpp. Those on toxics: toxics.cpp; paths and methods: routes.cpp.
#include "control/toxiproxy/toxiproxy.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "control/toxiproxy/go_json.hpp"

namespace sunder::control::toxiproxy {
namespace {

Answer json_answer(int status, std::string body) {
  Answer out;
  out.status = status;
  out.body = std::move(body);
  out.content_type = "application/json";
  return out;
}

Answer empty_answer() {
  Answer out;
  out.status = 204;
  return out;
}

struct Failure {
  int status = 500;
  std::string message;
};

/// What Toxiproxy says to an error of the table. What it has no words for is the text of the error itself.
Failure failure_of(const Error& error) {
  if (error.id == "unknown_proxy") return {404, "proxy not found"};
  if (error.id == "proxy_exists") return {409, "proxy already exists"};
  if (error.id == "too_many_proxies" || error.id == "name_too_long") return {400, error.message};
  return {500, error.message};
}

Answer answer_of(const Error& error) {
  const Failure failure = failure_of(error);
  return error_answer(failure.status, failure.message);
}

Answer bad_body(const Error& error) {
  return error_answer(400, "bad request body: " + error.message);
}

std::string missing(const ProxyInput& input) {
  const char* field = input.name.empty() ? "name" : input.upstream.empty() ? "upstream" : nullptr;
  return field == nullptr ? "" : std::string("missing required field: ") + field;
}

ProxySpec spec_of(const ProxyInput& input) {
  return {input.name, input.listen, input.upstream, input.enabled};
}

/// Checks a whole array of /populate before anything changes. ERRORS: `message` as Toxiproxy words it.
Result<std::vector<ProxyInput>> read_populate(std::string_view body) {
  auto inputs = decode_populate(body);
  if (!inputs) return Error{ErrorCode::invalid, "bad request body: " + inputs.error().message};
  for (std::size_t i = 0; i < inputs->size(); ++i) {
    const std::string why = missing((*inputs)[i]);
    if (why.empty()) continue;
    return Error{ErrorCode::invalid, why + " at proxy " + std::to_string(i + 1)};
  }
  return inputs;
}

}  // namespace

Answer error_answer(int status, const std::string& message) {
  Answer out;
  out.status = status;
  out.body = "{\"error\":" + go_quoted(message) + ",\"status\":" + std::to_string(status) + "}\n";
  out.content_type = "text/plain; charset=utf-8";
  out.no_sniff = true;
  return out;
}

std::string Toxiproxy::proxy_json(const ProxyLine& proxy) {
  const ProxySpec& spec = proxy.spec;
  return "{\"name\":" + go_quoted(spec.name) + ",\"listen\":" + go_quoted(spec.listen) +
         ",\"upstream\":" + go_quoted(spec.upstream) +
         ",\"enabled\":" + (spec.enabled ? "true" : "false") +
         ",\"Logger\":{},\"toxics\":" + toxics_json(proxy) + "}";
}

/// Toxics of proxies that were removed here, by /v1/proxies or by being replaced.
void Toxiproxy::forget_gone() {
  std::set<std::uint64_t> alive;
  for (const ProxyLine& line : table_.list()) alive.insert(line.serial);
  for (auto it = toxics_.begin(); it != toxics_.end();) {
    it = alive.count(it->first) == 0 ? toxics_.erase(it) : std::next(it);
  }
}

Answer Toxiproxy::list_proxies(const Call& /*call*/) {
  std::string out;
  for (const ProxyLine& line : table_.list()) {
    out += (out.empty() ? "" : ",") + go_quoted(line.spec.name) + ":" + proxy_json(line);
  }
  return json_answer(200, "{" + out + "}");
}

Answer Toxiproxy::create_proxy(const Call& call) {
  const auto input = decode_proxy(call.body, {});
  if (!input) return bad_body(input.error());
  if (const std::string why = missing(*input); !why.empty()) return error_answer(400, why);
  const auto made = table_.add(spec_of(*input));
  return made ? json_answer(201, proxy_json(*made)) : answer_of(made.error());
}

Answer Toxiproxy::populate(const Call& call) {
  const auto inputs = read_populate(call.body);
  Failure failure;
  std::string done;
  if (!inputs) {
    failure = {400, inputs.error().message};
  } else {
    for (const ProxyInput& input : *inputs) {
      const auto made = table_.add_or_replace(spec_of(input));
      if (!made) {
        failure = failure_of(made.error());
        break;
      }
      done += (done.empty() ? "" : ",") + proxy_json(*made);
    }
  }
  const std::string proxies = "\"proxies\":" + (done.empty() ? "null" : "[" + done + "]") + "}";
  forget_gone();
  if (failure.message.empty()) return json_answer(201, "{" + proxies);
  return json_answer(failure.status, "{\"error\":" + go_quoted(failure.message) + ",\"status\":" +
                                         std::to_string(failure.status) + "," + proxies);
}

Answer Toxiproxy::show_proxy(const Call& call) {
  const auto line = table_.find(call.proxy);
  return line ? json_answer(200, proxy_json(*line)) : answer_of(line.error());
}

Answer Toxiproxy::update_proxy(const Call& call) {
  const auto line = table_.find(call.proxy);
  if (!line) return answer_of(line.error());
  const ProxySpec& spec = line->spec;
  const auto input = decode_proxy(call.body, {spec.name, spec.listen, spec.upstream, spec.enabled});
  if (!input) return bad_body(input.error());
  const auto changed = table_.update(call.proxy, {input->listen, input->upstream, input->enabled});
  return changed ? json_answer(200, proxy_json(*changed)) : answer_of(changed.error());
}

Answer Toxiproxy::delete_proxy(const Call& call) {
  const Status removed = table_.remove(call.proxy);
  forget_gone();
  return removed ? empty_answer() : answer_of(removed.error());
}

Answer Toxiproxy::reset(const Call& /*call*/) {
  for (const ProxyLine& line : table_.list()) {
    const auto started = table_.update(line.spec.name, {{}, {}, true});
    if (!started) {
      if (started.error().id == "unknown_proxy") continue;  // removed meanwhile
      return answer_of(started.error());
    }
    if (auto healed = board_.remove_internal(ProxyTable::rule_name(line, "")); !healed) {
      return answer_of(healed.error());
    }
    toxics_.erase(line.serial);
  }
  return empty_answer();
}

Answer Toxiproxy::version(const Call& /*call*/) {
  Answer out = json_answer(200, std::string("{\"version\": \"") + kVersion + "\"}\n");
  out.content_type = "application/json;charset=utf-8";
  return out;
}

}  // namespace sunder::control::toxiproxy

namespace sunder::control {

Result<std::size_t> load_toxiproxy_config(const std::string& path, ProxyTable& table) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::not_found,
                 "the Toxiproxy configuration " + path + " can't be read; check its path", path};
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto inputs = toxiproxy::read_populate(text);
  if (!inputs) {
    Error error = inputs.error();
    error.where = path;
    return error;
  }
  for (const toxiproxy::ProxyInput& input : *inputs) {
    if (auto made = table.add_or_replace(toxiproxy::spec_of(input)); !made) return made.error();
  }
  return inputs->size();
}

}  // namespace sunder::control
