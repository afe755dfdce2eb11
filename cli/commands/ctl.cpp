// sunder ctl: drives a running proxy through its API.
//
// words → CLI11 → control::Client → one HTTP request → text, or the API's JSON with --json.
// Exit codes: 0 done, 2 the API refused (or the words are wrong), 4 nothing answers or the proxy could not do it.
// Thread: the main thread. Tested by tests/cli/ctl_test.cpp and docs/reference/ctl.md.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/units.hpp"
#include "cli/command.hpp"
#include "cli/ctl_view.hpp"
#include "control/client.hpp"
#include "control/reports.hpp"
#include "control/runtime_file.hpp"
#include "control/shapes.hpp"

namespace sunder::cli {
namespace {

using control::Applied;
using control::Client;

/// Everything that the words may set.
struct Words {
  std::string api;
  bool json = false;
  std::vector<std::string> groups;  // of partition
  std::string pairs;
  bool both = false;
  std::string kind = "drop";
  bool one_way = false;
  std::string name;
  std::string lease;
  std::vector<std::string> names;  // of heal
  bool all = false;
  std::vector<std::string> params;  // of fault add
  std::string duration;
  std::string probability;
  std::string node;
  std::string node_state;
  std::uint64_t since = 0;
  bool follow = false;
};

int fail(const Error& error) {
  std::fprintf(stderr, "sunder ctl: %s\n", error.text().c_str());
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::io:
    case ErrorCode::internal: return 4;
    default: return 2;
  }
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 4;
}

int print_applied(const Words& words, const Result<Applied>& applied, const std::string& kind) {
  if (!applied) return fail(applied.error());
  return print(words.json ? control::applied_json(*applied) + "\n" : applied_view(*applied, kind));
}

/// GET `path`, as it is or as `view` shows it.
int print_get(const Words& words, Client& client, const std::string& path,
              Result<std::string> (*view)(const std::string&)) {
  const auto answer = client.get(path);
  if (!answer) return fail(answer.error());
  if (words.json) return print(*answer);
  const auto text = view(*answer);
  return text ? print(*text) : fail(text.error());
}

Result<Nanos> optional_duration(const std::string& text, const char* option) {
  if (text.empty()) return Nanos{0};
  auto parsed = parse_duration(text);
  if (parsed && *parsed > 0) return *parsed;
  return Error{ErrorCode::invalid,
               parsed ? "a time of zero means nothing; leave it out" : parsed.error().message,
               option};
}

int partition(const Words& words, Client& client) {
  control::PartitionRequest request;
  if (words.groups.empty() == words.pairs.empty()) {
    return fail(
        {ErrorCode::invalid, "name groups (n1 / n2,n3) or pairs (--pairs n1:n2), one of the two"});
  }
  if (words.both && words.pairs.empty()) {
    return fail({ErrorCode::invalid, "--both belongs to --pairs; groups are cut both ways"});
  }
  if (!words.groups.empty()) {
    auto groups = control::parse_groups(words.groups);
    if (!groups) return fail(groups.error());
    request.groups = std::move(*groups);
  } else {
    auto pairs = control::parse_pairs(words.pairs, words.both);
    if (!pairs) return fail(pairs.error());
    request.pairs = std::move(*pairs);
  }
  const auto kind = parse_cut_kind(words.kind);
  if (!kind) {
    return fail(
        {ErrorCode::invalid,
         "there is no cut kind \"" + words.kind + "\"; there are drop, hold, reset, close, refuse",
         "--kind"});
  }
  const auto lease = optional_duration(words.lease, "--lease");
  if (!lease) return fail(lease.error());
  request.kind = *kind;
  request.one_way = words.one_way;
  request.name = words.name;
  request.lease = *lease;
  return print_applied(words, client.partition(request), words.kind);
}

int heal(const Words& words, Client& client) {
  return print_applied(words, client.heal(words.names, words.all), "");
}

int fault_add(const Words& words, Client& client) {
  FaultSpec fault;
  fault.kind = words.kind;
  fault.name = words.name;
  auto pairs = control::parse_pairs(words.pairs, words.both);
  if (!pairs) return fail(pairs.error());
  fault.pairs = std::move(*pairs);
  for (const std::string& word : words.params) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(
          {ErrorCode::invalid, "\"" + word + "\" is not of the form key=value, as in delay=50ms"});
    }
    if (!fault.params.emplace(word.substr(0, equals), word.substr(equals + 1)).second) {
      return fail({ErrorCode::invalid, "\"" + word.substr(0, equals) + "\" is given twice"});
    }
  }
  const auto duration = optional_duration(words.duration, "--for");
  if (!duration) return fail(duration.error());
  fault.duration = *duration;
  if (!words.probability.empty()) {
    const auto probability = parse_ratio(words.probability);
    if (!probability) {
      return fail({ErrorCode::invalid, probability.error().message, "--probability"});
    }
    fault.probability = *probability;
  }
  return print_applied(words, client.add_fault(fault), words.kind);
}

int fault_remove(const Words& words, Client& client) {
  int worst = 0;
  for (const std::string& name : words.names) {
    worst = std::max(worst, print_applied(words, client.remove_fault(name), ""));
  }
  return worst;
}

int node(const Words& words, Client& client) {
  const bool down = words.node_state == "down";
  const auto done = client.set_node_down(words.node, down);
  if (!done) return fail(done.error());
  return print(words.node + (down ? ": known dead; its own refusal comes back\n"
                                  : ": brought to the proxy again\n"));
}

int events(const Words& words, Client& client) {
  std::uint64_t next = words.since;
  for (;;) {
    const auto answer = client.get("/v1/events?since=" + std::to_string(next));
    if (!answer) return fail(answer.error());
    const auto view = events_view(*answer, words.json);
    if (!view) return fail(view.error());
    if (const int code = print(view->text); code != 0) return code;
    next = view->next;
    if (!words.follow) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

/// Adds a subcommand that leads to `action`; the last one on the line wins.
using Action = int (*)(const Words&, Client&);
CLI::App* add(CLI::App& app, const char* name, const char* doc, Action& chosen, Action action) {
  CLI::App* sub = app.add_subcommand(name, doc);
  sub->callback([&chosen, action] { chosen = action; });
  return sub;
}

void add_faults(CLI::App& app, Words& words, Action& chosen) {
  CLI::App* fault = app.add_subcommand("fault", "add, remove and list faults");
  fault->require_subcommand(1);
  CLI::App* sub =
      add(*fault, "add", "put a fault on pairs, as in: delay n1:n2 delay=50ms", chosen, fault_add);
  sub->add_option("KIND", words.kind, "see sunder list faults")->required();
  sub->add_option("PAIRS", words.pairs, "A:B is the bytes that A sends to B; lists and * work")
      ->required();
  sub->add_option("key=value", words.params, "parameters of the kind");
  sub->add_flag("--both", words.both, "the other direction of each pair, too");
  sub->add_option("--name", words.name, "a name to remove it by");
  sub->add_option("--for", words.duration, "ends by itself after this time, as in 30s");
  sub->add_option("--probability", words.probability, "share of the connections, as in 25%");
  sub = add(*fault, "remove", "remove faults by name", chosen, fault_remove);
  sub->add_option("NAME", words.names, "names of faults")->required();
  add(*fault, "list", "the faults in force", chosen, [](const Words& w, Client& client) {
    return print_get(w, client, "/v1/faults", faults_view);
  });
}

void add_cuts(CLI::App& app, Words& words, Action& chosen) {
  CLI::App* sub =
      add(app, "partition", "cut groups of nodes off from each other", chosen, partition);
  sub->add_option("G / G", words.groups,
                  "groups of nodes, as in n1 / n2,n3; a single group is cut off from all others");
  sub->add_option("--pairs", words.pairs, "or exactly these directions, as in n1:n2,n3:*");
  sub->add_flag("--both", words.both, "with --pairs: the other direction of each, too");
  sub->add_option("--kind", words.kind, "drop (default), hold, reset, close or refuse");
  sub->add_flag("--one-way", words.one_way, "only what the first group sends to the others");
  sub->add_option("--name", words.name, "a name to heal it by");
  sub->add_option("--lease", words.lease, "heals by itself after this time, as in 30s");
  sub = add(app, "heal", "remove cuts: all, or those named", chosen, heal);
  sub->add_option("NAME", words.names, "names of cuts");
  sub->add_flag("--all", words.all, "every fault, too");
}

int run(const std::vector<std::string>& args) {
  Words words;
  Action chosen = nullptr;
  CLI::App app("Drives a running proxy through its API.", "sunder ctl");
  app.require_subcommand(1);
  app.fallthrough();  // --api and --json may stand behind the subcommand
  app.add_option("--api", words.api,
                 "address of the API; else $SUNDER_API, the one live run, 127.0.0.1:8474");
  app.add_flag("--json", words.json, "the API's answer as it is");
  add(app, "status", "every pair: cuts, connections, bytes", chosen,
      [](const Words& w, Client& client) {
        return print_get(w, client, "/v1/status", status_view);
      });
  add_cuts(app, words, chosen);
  add_faults(app, words, chosen);
  CLI::App* sub =
      add(app, "node", "tell the proxy that a node's process is gone or back", chosen, node);
  sub->add_option("NODE", words.node, "the node")->required();
  sub->add_option("STATE", words.node_state, "down or up")
      ->required()
      ->check(CLI::IsMember({"down", "up"}));
  sub = add(app, "events", "what happened to the network", chosen, events);
  sub->add_option("--since", words.since, "from this index on");
  sub->add_flag("--follow", words.follow, "go on until Ctrl-C");
  if (const auto code = parse_command(app, args)) return *code;

  auto url = control::find_api(words.api);
  if (!url) return fail(url.error());
  if (url->find("://") == std::string::npos) *url = "http://" + *url;
  Client client(std::move(*url));
  return chosen(words, client);
}

}  // namespace

extern const Command ctl_command;
const Command ctl_command{"ctl", "drive a running proxy: status, partition, heal, fault, events",
                          run};

}  // namespace sunder::cli
