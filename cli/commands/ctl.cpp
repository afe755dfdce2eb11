// sunder ctl: drives a running proxy through its API.
//
// Faults and proxies: cli/ctl_faults.cpp; what all share: cli/ctl_words.hpp.
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
#include "cli/ctl_words.hpp"
#include "cli/interrupt.hpp"
#include "control/partition_shapes.hpp"
#include "control/shapes.hpp"
#include "sunder/client.hpp"

namespace sunder::cli {
namespace {

using control::Applied;
using control::Client;

/// "2s/1s": in force, then out of force.
Status read_flap(const std::string& text, control::PartitionRequest& request) {
  if (text.empty()) return {};
  const auto slash = text.find('/');
  if (slash == std::string::npos) {
    return Error{ErrorCode::invalid, "write the time on and the time off, as in 2s/1s", "--flap"};
  }
  const auto on = optional_duration(text.substr(0, slash), "--flap");
  if (!on) return on.error();
  const auto off = optional_duration(text.substr(slash + 1), "--flap");
  if (!off) return off.error();
  request.flap_on = *on;
  request.flap_off = *off;
  return {};
}

/// Groups, pairs or a shape: exactly one of them.
Status read_extent(const Words& words, control::PartitionRequest& request) {
  const int ways = (words.groups.empty() ? 0 : 1) + (words.pairs.empty() ? 0 : 1) +
                   (words.shape.empty() ? 0 : 1);
  if (ways != 1) {
    return Error{ErrorCode::invalid,
                 "name groups (n1 / n2,n3), pairs (--pairs n1:n2) or a shape (--shape bridge), "
                 "one of the three"};
  }
  if (words.both && words.pairs.empty()) {
    return Error{ErrorCode::invalid, "--both belongs to --pairs; groups are cut both ways"};
  }
  const bool of_shape = !words.nodes.empty() || !words.leader.empty() ||
                        !words.leader_side.empty() || words.seed != 0;
  if (of_shape && words.shape.empty()) {
    return Error{ErrorCode::invalid, "--nodes, --leader, --side and --seed belong to --shape"};
  }
  if (!words.groups.empty()) {
    auto groups = control::parse_groups(words.groups);
    if (!groups) return groups.error();
    request.groups = std::move(*groups);
  } else if (!words.pairs.empty()) {
    auto pairs = control::parse_pairs(words.pairs, words.both);
    if (!pairs) return pairs.error();
    request.pairs = std::move(*pairs);
  } else {
    request.shape.shape = words.shape;
    request.shape.leader = words.leader;
    request.shape.leader_side = words.leader_side;
    request.shape.seed = words.seed;
    if (!words.nodes.empty()) {
      auto nodes = control::parse_groups({words.nodes});
      if (!nodes) return nodes.error();
      if (nodes->size() != 1) {
        return Error{ErrorCode::invalid, "give one list of nodes, as in n1,n2", "--nodes"};
      }
      request.shape.nodes = std::move(nodes->front());
    }
  }
  return {};
}

/// Keeps the cut in force until Ctrl-C or until this process dies, however it dies.
int partition_held(const Words& words, Client& client, control::PartitionRequest request) {
  install_interrupt();
  int code = 0;
  const Status held = client.hold(
      [&](const std::string& lease) {
        auto other = connect(words);
        if (!other) {
          code = fail(other.error());
          return false;
        }
        request.lease_name = lease;
        code = print_applied(words, other->partition(request), words.kind);
        if (code == 0 && !words.json) {
          std::fprintf(stderr, "held until Ctrl-C; it heals when this process ends\n");
        }
        return code == 0;
      },
      [] { return !interrupted(); });
  return held.ok() ? code : fail(held.error());
}

int partition(const Words& words, Client& client) {
  control::PartitionRequest request;
  if (const Status read = read_extent(words, request); !read) return fail(read.error());
  if (const Status read = read_flap(words.flap, request); !read) return fail(read.error());
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
  if (words.hold) return partition_held(words, client, std::move(request));
  return print_applied(words, client.partition(request), words.kind);
}

int heal(const Words& words, Client& client) {
  return print_applied(words, client.heal(words.names, words.all), "");
}

int node(const Words& words, Client& client) {
  if (words.node_state == "pids") {
    const auto done = client.set_node_pids(words.node, words.pids);
    if (!done) return fail(done.error());
    return print(words.node + ": " + std::to_string(words.pids.size()) + " processes\n");
  }
  if (!words.pids.empty()) {
    return fail({ErrorCode::invalid, "only pids takes numbers", "STATE"});
  }
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
  sub->add_flag("--hold", words.hold, "stay, and heal when this process ends, however it ends");
  sub->add_option("--shape", words.shape, "or a shape: " + control::shape_names());
  sub->add_option("--nodes", words.nodes, "with --shape: the nodes that it is about, as in n1,n2");
  sub->add_option("--leader", words.leader, "with majority or bridge: the node that it is about");
  sub->add_option("--side", words.leader_side, "of the leader: majority or minority");
  sub->add_option("--seed", words.seed, "with --shape: of what is drawn");
  sub->add_option("--flap", words.flap, "in force and out of force in turn, as in 2s/1s");
  sub = add(app, "heal", "remove cuts: all, or those named", chosen, heal);
  sub->add_option("NAME", words.names, "names of cuts");
  sub->add_flag("--all", words.all, "every fault, too");
}

int ctl_main(const std::vector<std::string>& args) {
  Words words;
  Action chosen = nullptr;
  CLI::App app("Drives a running proxy through its API.", "sunder ctl");
  app.require_subcommand(1);
  app.fallthrough();  // --api and --json may stand behind the subcommand
  app.add_option("--api", words.api,
                 "address of the API; else $SUNDER_API, the one live run, 127.0.0.1:8474");
  app.add_flag("--json", words.json, "the API's answer as it is");
  app.add_option("--token-file", words.token_file,
                 "file with the API's token; else $SUNDER_TOKEN, where the API demands one");
  add(app, "status", "every pair: cuts, connections, bytes", chosen,
      [](const Words& w, Client& client) {
        return print_get(w, client, "/v1/status", status_view);
      });
  add_cuts(app, words, chosen);
  add_faults(app, words, chosen);
  add_proxies(app, words, chosen);
  CLI::App* sub =
      add(app, "node", "tell the proxy that a node's process is gone or back, or which they are",
          chosen, node);
  sub->add_option("NODE", words.node, "the node")->required();
  sub->add_option("STATE", words.node_state, "down, up, or pids: its processes (sunder serve)")
      ->required()
      ->check(CLI::IsMember({"down", "up", "pids"}));
  sub->add_option("PID", words.pids, "with pids: their numbers; none forgets them");
  sub = add(app, "events", "what happened to the network", chosen, events);
  sub->add_option("--since", words.since, "from this index on");
  sub->add_flag("--follow", words.follow, "go on until Ctrl-C");
  if (const auto code = parse_command(app, args)) return *code;

  auto client = connect(words);
  if (!client) return fail(client.error());
  return chosen(words, *client);
}

}  // namespace

extern const Command ctl_command;
const Command ctl_command{"ctl", "drive a running proxy: status, partition, heal, fault, events",
                          ctl_main};

}  // namespace sunder::cli
