// A cluster of real processes for tests of the supervisor, over its own launcher and network, in a child.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/supervisor.hpp"
#include "tests/harness/in_child.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::test {

/// python3's web server as a database.
inline constexpr const char* kWebServer = R"(
title = "web"
[install]
packages = ["python3"]
hint = "install it with apt-get install python3"
[program]
binary = "python3"
version_args = ["--version"]
version_prefix = "Python "
[ports]
client = 8000
[lists.others]
item = "{index}:{name}@{ip}:{client_port}"
separator = " "
others_only = true
[node]
args = ["-m", "http.server", "--bind", "{ip}", "--directory", "{data_dir}", "{client_port}"]
env = { ENDPOINT = "{endpoint}", PYTHONUNBUFFERED = "1" }
[[node.file]]
path = "{data_dir}/sub/peers"
text = "{{me: {name}, others: {others}}\n"
[ready]
http = "/sub/peers"
expect = "others: "
timeout = "10s"
)";

// A cluster over its own launcher and network, in the order in which sunder makes them.
struct Stand {
  std::string dir;
  std::unique_ptr<Launcher> launcher;
  std::unique_ptr<NetTopology> network;
  std::mutex mutex;
  std::vector<std::string> events;
  std::unique_ptr<Supervisor> cluster;

  ~Stand() {
    if (cluster) cluster->stop();
  }

  std::string seen() {
    const std::scoped_lock lock(mutex);
    std::string all;
    for (const auto& event : events) all += event + " ";
    return all;
  }

  std::string open(const System& system, const ClusterSpec& spec) {
    auto programs = find_programs(system, spec);
    NEED(programs.ok(), programs.error().message);
    NEED(isolate({dir}).ok(), "isolate");
    auto started = Launcher::start();
    NEED(started.ok(), started.error().message);
    launcher = std::move(*started);
    SupervisorPlan plan;
    plan.addresses = *plan_addresses(spec, 1);
    auto built = NetTopology::build(plan.addresses);
    NEED(built.ok(), built.error().message);
    network = std::move(*built);
    NEED(network->enable_forwarding().ok() && network->bring_up().ok(), "network");
    plan.cluster = spec;
    plan.system = system;
    plan.programs = *programs;
    plan.data_root = dir + "/data";
    plan.log_dir = dir + "/logs";
    plan.network = network.get();
    plan.launcher = launcher.get();
    const auto note = [this](const char* sign) {
      return [this, sign](const std::string& node) {
        const std::scoped_lock lock(mutex);
        events.push_back(sign + node);
      };
    };
    plan.on_node_up = note("+");
    plan.on_node_down = note("-");
    auto created = Supervisor::create(std::move(plan));
    NEED(created.ok(), created.error().message);
    cluster = std::move(*created);
    return "";
  }
};

inline ClusterSpec cluster_of(std::vector<std::string> nodes) {
  ClusterSpec spec;
  spec.nodes = std::move(nodes);
  return spec;
}

// Runs a body with a folder of its own, in a child; skips where namespaces can't be made.
inline void with_folder(const std::function<std::string(const std::string&)>& body) {
  std::string why;
  if (!can_isolate(why)) {
    WARN(why);
    return;
  }
  const std::string dir = make_temp_dir();
  CHECK(in_child([&] { return body(dir); }) == "");
  CHECK(std::filesystem::is_empty(dir));  // data and logs lay on the child's own tmpfs
  CHECK(remove_tree(dir));
}

}  // namespace sunder::harness::test
