// sunder ctl fault and ctl proxy.
//
// words → FaultSpec → control::Client. Kinds, parameters and common fields come from the proxy's registry, through
// control/fault_kinds: `fault add --help` shows the same table as `sunder list faults`.
// Thread: the main thread. Tested by tests/cli/ctl_test.cpp.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "base/units.hpp"
#include "cli/ctl_view.hpp"
#include "cli/ctl_words.hpp"
#include "control/fault_kinds.hpp"
#include "control/shapes.hpp"

namespace sunder::cli {
namespace {

using control::Client;

Result<std::map<std::string, std::string>> read_params(const std::vector<std::string>& words) {
  std::map<std::string, std::string> out;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{ErrorCode::invalid,
                   "\"" + word + "\" is not of the form key=value, as in delay=50ms"};
    }
    if (!out.emplace(word.substr(0, equals), word.substr(equals + 1)).second) {
      return Error{ErrorCode::invalid, "\"" + word.substr(0, equals) + "\" is given twice"};
    }
  }
  return out;
}

Result<std::optional<double>> read_probability(const Words& words) {
  if (words.probability.empty()) return std::optional<double>();
  const auto probability = parse_ratio(words.probability);
  if (probability) return std::optional<double>(*probability);
  return Error{ErrorCode::invalid, probability.error().message, "--probability"};
}

/// Of a field that every fault takes.
std::string doc_of(const char* field) {
  for (const auto& line : control::common_fault_fields()) {
    if (line.name == field) return line.doc;
  }
  return "";
}

std::string kinds_help() {
  std::string out = "\nkinds (all parameters: sunder list faults):\n";
  for (const auto& kind : control::fault_kind_lines()) {
    out += "  " + kind.name;
    for (const auto& param : kind.params) out += " " + param.name + "=" + param.default_value;
    out += "\n";
  }
  return out;
}

int fault_add(const Words& words, Client& client) {
  FaultSpec fault;
  fault.kind = words.kind;
  fault.name = words.name;
  auto pairs = control::parse_pairs(words.pairs, words.both);
  if (!pairs) return fail(pairs.error());
  fault.pairs = std::move(*pairs);
  auto params = read_params(words.params);
  if (!params) return fail(params.error());
  fault.params = std::move(*params);
  const auto duration = optional_duration(words.duration, "--for");
  if (!duration) return fail(duration.error());
  fault.duration = *duration;
  const auto probability = read_probability(words);
  if (!probability) return fail(probability.error());
  fault.probability = probability->value_or(1.0);
  fault.frame = words.frame;
  fault.after_bytes = words.after_bytes;
  fault.after_messages = words.after_messages;
  return print_applied(words, client.add_fault(fault), words.kind);
}

int fault_update(const Words& words, Client& client) {
  const auto params = read_params(words.params);
  if (!params) return fail(params.error());
  const auto probability = read_probability(words);
  if (!probability) return fail(probability.error());
  if (params->empty() && !*probability) {
    return fail({ErrorCode::invalid, "name what changes, as in: f1 delay=80ms"});
  }
  return print_applied(words, client.update_fault(words.name, *params, *probability), "new values");
}

int fault_remove(const Words& words, Client& client) {
  int worst = 0;
  for (const std::string& name : words.names) {
    worst = std::max(worst, print_applied(words, client.remove_fault(name), ""));
  }
  return worst;
}

/// The API's answer about one proxy, or about many.
int print_proxies(const Words& words, const Result<std::string>& answer) {
  if (!answer) return fail(answer.error());
  if (words.json) return print(*answer);
  const auto text = proxies_view(*answer);
  return text ? print(*text) : fail(text.error());
}

int proxy_add(const Words& words, Client& client) {
  return print_proxies(words, client.add_proxy(words.name, words.listen, words.upstream));
}

template <class F>
int for_each_name(const Words& words, F&& one) {
  int worst = 0;
  for (const std::string& name : words.names) worst = std::max(worst, one(name));
  return worst;
}

int proxy_remove(const Words& words, Client& client) {
  return for_each_name(words, [&](const std::string& name) {
    const auto removed = client.remove_proxy(name);
    if (!removed) return fail(removed.error());
    return print(words.json ? *removed : name + ": removed\n");
  });
}

template <bool kEnabled>
int proxy_switch(const Words& words, Client& client) {
  return for_each_name(words, [&](const std::string& name) {
    return print_proxies(words, client.enable_proxy(name, kEnabled));
  });
}

}  // namespace

void add_faults(CLI::App& app, Words& words, Action& chosen) {
  CLI::App* fault = app.add_subcommand("fault", "add, change, remove and list faults");
  fault->require_subcommand(1);
  CLI::App* sub =
      add(*fault, "add", "put a fault on pairs, as in: delay n1:n2 delay=50ms", chosen, fault_add);
  sub->add_option("KIND", words.kind, "see sunder list faults")->required();
  sub->add_option("PAIRS", words.pairs, "A:B is the bytes that A sends to B; lists and * work")
      ->required();
  sub->add_option("key=value", words.params, "parameters of the kind");
  sub->add_flag("--both", words.both, "the other direction of each pair, too");
  sub->add_option("--name", words.name, doc_of("name"));
  sub->add_option("--for", words.duration, "duration: " + doc_of("duration"));
  sub->add_option("--probability", words.probability, doc_of("probability"));
  sub->add_option("--frame", words.frame, doc_of("frame"));
  sub->add_option("--after-bytes", words.after_bytes, doc_of("after-bytes"));
  sub->add_option("--after-messages", words.after_messages, doc_of("after-messages"));
  sub->footer(kinds_help());
  sub = add(*fault, "update", "change parameters in place, as in: f1 delay=80ms", chosen,
            fault_update);
  sub->add_option("NAME", words.name, "the name of a fault")->required();
  sub->add_option("key=value", words.params, "parameters; those not named stay");
  sub->add_option("--probability", words.probability, doc_of("probability"));
  sub = add(*fault, "remove", "remove faults by name", chosen, fault_remove);
  sub->add_option("NAME", words.names, "names of faults")->required();
  add(*fault, "list", "the faults in force", chosen, [](const Words& w, Client& client) {
    return print_get(w, client, "/v1/faults", faults_view);
  });
}

void add_proxies(CLI::App& app, Words& words, Action& chosen) {
  CLI::App* proxy =
      app.add_subcommand("proxy", "named proxies of sunder serve: list, add, remove, switch");
  proxy->require_subcommand(1);
  add(*proxy, "list", "every proxy and its addresses", chosen, [](const Words& w, Client& client) {
    return print_get(w, client, "/v1/proxies", proxies_view);
  });
  CLI::App* sub =
      add(*proxy, "add", "as in: redis localhost:6379 --listen 127.0.0.1:26379", chosen, proxy_add);
  sub->add_option("NAME", words.name, "its name")->required();
  sub->add_option("UPSTREAM", words.upstream, "where it leads, as in localhost:6379")->required();
  sub->add_option("--listen", words.listen,
                  "where it listens; a free port of 127.0.0.1 if left out");
  for (const auto& [name, doc, action] :
       {std::tuple{"remove", "end it, its connections and its faults", &proxy_remove},
        std::tuple{"enable", "listen again", &proxy_switch<true>},
        std::tuple{"disable", "listen no more, and close its connections", &proxy_switch<false>}}) {
    sub = add(*proxy, name, doc, chosen, action);
    sub->add_option("NAME", words.names, "names of proxies")->required();
  }
}

}  // namespace sunder::cli
