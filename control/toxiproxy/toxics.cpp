// The requests on toxics; see toxiproxy.hpp.
#include <algorithm>

#include "control/toxiproxy/go_json.hpp"
#include "control/toxiproxy/toxiproxy.hpp"

namespace sunder::control::toxiproxy {
namespace {

Answer json_answer(std::string body) {
  Answer out;
  out.body = std::move(body);
  out.content_type = "application/json";
  return out;
}

Answer no_such_toxic() {
  return error_answer(404, "toxic not found");
}

Answer no_such_proxy() {
  return error_answer(404, "proxy not found");
}

/// A refusal by the switchboard: the asker's fault, or ours.
Answer refused(const Error& error) {
  return error_answer(error.code == ErrorCode::invalid ? 400 : 500, error.message);
}

/// Toxiproxy draws a number below 1 and compares, so what lies outside 0..1 means never or always.
double probability_of(float toxicity) {
  return std::clamp(static_cast<double>(toxicity), 0.0, 1.0);
}

bool same_word(std::string text, std::string_view word) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text == word;
}

}  // namespace

Toxiproxy::Toxics& Toxiproxy::toxics_of(const ProxyLine& proxy) {
  Toxics& all = toxics_[proxy.serial];
  const auto gone = [&](const Toxic& toxic) {
    return !toxic.rule.empty() && !board_.has_fault(toxic.rule);
  };
  all.erase(std::remove_if(all.begin(), all.end(), gone), all.end());
  return all;
}

Toxiproxy::Toxic* Toxiproxy::find_toxic(const ProxyLine& proxy, const std::string& name) {
  Toxics& all = toxics_of(proxy);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Toxic& toxic) { return toxic.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string Toxiproxy::json_of(const Toxic& toxic) {
  std::string attributes;
  for (std::size_t i = 0; i < toxic.attributes.size(); ++i) {
    attributes += (i == 0 ? "\"" : ",\"") + std::string(toxic.kind->attributes[i]) +
                  "\":" + std::to_string(toxic.attributes[i]);
  }
  return "{\"attributes\":{" + attributes + "},\"name\":" + go_quoted(toxic.name) +
         ",\"type\":" + go_quoted(toxic.kind->name) + ",\"stream\":" + go_quoted(toxic.stream) +
         ",\"toxicity\":" + go_float(toxic.toxicity) + "}";
}

std::string Toxiproxy::toxics_json(const ProxyLine& proxy) {
  const Toxics& all = toxics_of(proxy);
  std::string out;
  for (const bool upstream : {true, false}) {
    for (const Toxic& toxic : all) {
      if (toxic.upstream == upstream) out += (out.empty() ? "" : ",") + json_of(toxic);
    }
  }
  return "[" + out + "]";
}

Answer Toxiproxy::list_toxics(const Call& call) {
  const auto proxy = table_.find(call.proxy);
  return proxy ? json_answer(toxics_json(*proxy)) : no_such_proxy();
}

Answer Toxiproxy::create_toxic(const Call& call) {
  const auto proxy = table_.find(call.proxy);
  if (!proxy) return no_such_proxy();
  const auto input = decode_toxic(call.body);
  if (!input) return error_answer(400, "bad request body: " + input.error().message);
  Toxic toxic;
  toxic.stream = input->stream;
  toxic.upstream = same_word(input->stream, "upstream");
  if (!toxic.upstream && !same_word(input->stream, "downstream")) {
    return error_answer(400, "stream was invalid, can be either upstream or downstream");
  }
  toxic.name = input->name.empty() ? input->type + "_" + input->stream : input->name;
  toxic.kind = find_toxic_kind(input->type);
  if (toxic.kind == nullptr) return error_answer(400, "invalid toxic type");
  if (find_toxic(*proxy, toxic.name) != nullptr) return error_answer(409, "toxic already exists");
  const auto attributes = decode_attributes(call.body, *toxic.kind);
  if (!attributes) return error_answer(400, "bad request body: " + attributes.error().message);
  if (toxic.name.size() > kNameMax) {
    return error_answer(400, "name must not be longer than 1024 bytes");
  }
  toxic.attributes = *attributes;
  toxic.toxicity = input->toxicity;
  auto params = toxic.kind->params(toxic.attributes);
  if (!params) return refused(params.error());
  if (!toxic.kind->fault.empty()) {
    FaultSpec fault;
    fault.name = ProxyTable::rule_name(*proxy, toxic.name);
    fault.kind = std::string(toxic.kind->fault);
    fault.params = std::move(*params);
    fault.probability = probability_of(toxic.toxicity);
    const std::string client = ProxyTable::kClientNode;
    fault.pairs = {toxic.upstream ? Pair{client, proxy->node} : Pair{proxy->node, client}};
    if (auto added = board_.add_fault(fault, Switchboard::NameRule::internal); !added) {
      return refused(added.error());
    }
    toxic.rule = fault.name;
  }
  Toxics& all = toxics_[proxy->serial];
  all.push_back(std::move(toxic));
  return json_answer(json_of(all.back()));
}

Answer Toxiproxy::show_toxic(const Call& call) {
  const auto proxy = table_.find(call.proxy);
  if (!proxy) return no_such_proxy();
  const Toxic* toxic = find_toxic(*proxy, call.toxic);
  return toxic == nullptr ? no_such_toxic() : json_answer(json_of(*toxic));
}

Answer Toxiproxy::update_toxic(const Call& call) {
  const auto proxy = table_.find(call.proxy);
  if (!proxy) return no_such_proxy();
  Toxic* toxic = find_toxic(*proxy, call.toxic);
  if (toxic == nullptr) return no_such_toxic();
  auto change = decode_change(call.body, *toxic->kind, {toxic->attributes, toxic->toxicity});
  if (!change) return error_answer(400, "bad request body: " + change.error().message);
  const auto params = toxic->kind->params(change->attributes);
  if (!params) return refused(params.error());
  if (!toxic->rule.empty()) {
    const auto updated =
        board_.update_fault(toxic->rule, *params, probability_of(change->toxicity));
    if (!updated) return refused(updated.error());
  }
  toxic->attributes = std::move(change->attributes);
  toxic->toxicity = change->toxicity;
  return json_answer(json_of(*toxic));
}

Answer Toxiproxy::delete_toxic(const Call& call) {
  const auto proxy = table_.find(call.proxy);
  if (!proxy) return no_such_proxy();
  Toxic* toxic = find_toxic(*proxy, call.toxic);
  if (toxic == nullptr) return no_such_toxic();
  if (!toxic->rule.empty()) {
    if (auto removed = board_.remove_fault(toxic->rule); !removed) return refused(removed.error());
  }
  Toxics& all = toxics_[proxy->serial];
  all.erase(all.begin() + (toxic - all.data()));
  Answer out;
  out.status = 204;
  return out;
}

}  // namespace sunder::control::toxiproxy
