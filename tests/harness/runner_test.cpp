// A whole run against real etcd nodes on loopback and a real control server. There is no proxy between the nodes here, so
// a partition is made and healed, and meets nothing: the run must say so. Real partitions are tests/cluster.
#include "harness/runner.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "check/history.hpp"
#include "control/event_log.hpp"
#include "control/server.hpp"
#include "control/switchboard.hpp"
#include "proxy/proxy.hpp"
#include "tests/harness/real_etcd.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

// Nodes, control API and run folder for one run.
struct RunScene {
  explicit RunScene(unsigned nodes) : cluster(nodes) {
    std::vector<Node> parties;
    for (const NodeStatus& node : cluster.nodes()) {
      // The addresses of the topology only name the pairs here; nothing is brought to the proxy.
      parties.push_back({node.name, NodeRole::server,
                         static_cast<Ipv4>(0x0A4D000B + parties.size()), node.name, true});
    }
    proxy::ProxyOptions proxy_options;
    const Topology topology(parties);
    proxy_options.topology = topology;
    auto started = proxy::Proxy::start(std::move(proxy_options));
    REQUIRE(started.ok());
    proxy = std::move(*started);
    auto log = control::EventLog::open(folder.path() + "/events.jsonl");
    REQUIRE(log.ok());
    events = std::move(*log);
    control::SwitchboardOptions options;
    options.topology = topology;
    options.proxy = proxy.get();
    options.events = events.get();
    options.t0 = t0;
    switchboard = std::make_unique<control::Switchboard>(options);
    auto bound = control::ApiServer::bind("127.0.0.1", 0);
    REQUIRE(bound.ok());
    api = std::move(*bound);
    api->start(*switchboard);
    suite_path = folder.path() + "/x.toml";
    std::ofstream(suite_path) << "schema = 1\n";
    suite.path = suite_path;
    suite.name = "x";
    suite.cluster.system = "etcd";
    suite.workload.clients = 4;
    suite.workload.keys = 2;
    suite.workload.rate = 100;
    suite.workload.op_timeout = kSecond;
    suite.linearizable.wanted = true;
  }

  Result<RunResults> run() {
    RunOptions options;
    options.suite = &suite;
    options.cluster = &cluster;
    options.api_url = api->url();
    options.run_dir = folder.path();
    options.t0 = t0;
    options.seed = 5;
    options.sunder_version = "test";
    options.interrupted = &interrupted;
    options.progress = [this](const std::string& line, bool) { lines += line + '\n'; };
    return run_suite(options);
  }

  [[nodiscard]] bool has(const char* file) const {
    return std::filesystem::exists(folder.path() + '/' + file);
  }

  ::test::TempDir folder;
  real_etcd::Cluster cluster;
  Nanos t0 = monotonic_clock().now();
  std::unique_ptr<proxy::Proxy> proxy;
  std::unique_ptr<control::EventLog> events;
  std::unique_ptr<control::Switchboard> switchboard;
  std::unique_ptr<control::ApiServer> api;
  std::string suite_path;
  Suite suite;
  std::atomic<bool> interrupted{false};
  std::string lines;
};

const check::CheckResult* find_check(const RunResults& results, const std::string& name) {
  for (const auto& one : results.checks) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("runner: a calm run passes, and its folder holds the evidence", "[etcd]") {
  if (!real_etcd::installed()) {
    WARN("skipped: etcd is not installed");
    return;
  }
  RunScene scene(1);
  REQUIRE(scene.cluster.wait_ready(20 * kSecond).ok());
  scene.suite.workload.time = 2 * kSecond;
  const auto results = scene.run();
  INFO(scene.lines);
  INFO((results.ok() ? "" : results.error().text()));
  REQUIRE(results.ok());
  CHECK(results->verdict == check::Verdict::pass);
  CHECK(exit_code_of(*results) == 0);
  for (const char* file :
       {"history.jsonl", "results.json", "junit.xml", "report.html", "suite.toml"}) {
    INFO(file);
    CHECK(scene.has(file));
  }
  const auto history = check::read_history(scene.folder.path() + "/history.jsonl");
  REQUIRE(history.ok());
  CHECK(history->ops.size() == results->ops);
  CHECK(history->ops.size() > 100);  // 100 a second for 2 s
  // Each client kept its one process; the final reads came from a fifth.
  std::set<std::int64_t> processes;
  std::size_t final_reads = 0;
  for (const check::Op& op : history->ops) {
    processes.insert(op.process);
    if (op.process == 4) ++final_reads;
    if (op.process < 4) CHECK(op.intended >= 0);
  }
  CHECK(processes == std::set<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(final_reads == 2);  // two keys at one node
  // The steps are told in their order.
  const auto synced = scene.lines.find("history on disk");
  const auto healed = scene.lines.find("the network is healed");
  const auto judged = scene.lines.find("judging");
  CHECK(synced < healed);
  CHECK(healed < judged);
}

TEST_CASE("runner: a partition that meets nothing makes the run unknown, vacuous.fault", "[etcd]") {
  if (!real_etcd::installed()) {
    WARN("skipped: etcd is not installed");
    return;
  }
  RunScene scene(3);
  REQUIRE(scene.cluster.wait_ready(30 * kSecond).ok());
  scene.suite.workload.time = 4 * kSecond;
  scene.suite.recovery.wanted = true;
  NemesisSpec cut;
  cut.kind = CutKind::reset;
  cut.duration = kSecond;
  cut.every = 2 * kSecond;
  scene.suite.nemeses = {cut};
  const auto results = scene.run();
  INFO(scene.lines);
  INFO((results.ok() ? "" : results.error().text()));
  REQUIRE(results.ok());
  REQUIRE(results->faults.size() == 1);
  const FaultRecord& fault = results->faults[0];
  CHECK(fault.name == "p1");
  CHECK(fault.kind == "reset");
  CHECK(fault.vacuous);
  CHECK(fault.healed_at - fault.in_force_at >= kSecond);
  CHECK(fault.pairs.size() == 4);  // the leader and two others, both ways
  REQUIRE(results->recovery.size() == 1);
  CHECK(results->recovery[0].recovered);
  CHECK(results->verdict == check::Verdict::unknown);
  CHECK(results->reason == "vacuous.fault");
  REQUIRE(find_check(*results, "linearizable") != nullptr);
  CHECK(find_check(*results, "linearizable")->verdict == check::Verdict::pass);
  REQUIRE(find_check(*results, "recovery") != nullptr);
  CHECK(find_check(*results, "recovery")->verdict == check::Verdict::pass);
  CHECK(scene.lines.find("cut p1: n") != std::string::npos);
}

TEST_CASE("runner: Ctrl-C heals, writes what is known, and is unknown", "[etcd]") {
  if (!real_etcd::installed()) {
    WARN("skipped: etcd is not installed");
    return;
  }
  RunScene scene(3);
  REQUIRE(scene.cluster.wait_ready(30 * kSecond).ok());
  scene.suite.workload.time = 60 * kSecond;
  NemesisSpec cut;
  cut.kind = CutKind::hold;
  cut.targets = "n2";
  cut.duration = 20 * kSecond;
  cut.every = 30 * kSecond;
  scene.suite.nemeses = {cut};
  std::thread finger([&scene] {
    std::this_thread::sleep_for(std::chrono::seconds(4));  // inside the cut
    scene.interrupted = true;
  });
  const Nanos before = monotonic_clock().now();
  const auto results = scene.run();
  finger.join();
  INFO(scene.lines);
  REQUIRE(results.ok());
  CHECK(monotonic_clock().now() - before < 15 * kSecond);
  CHECK(results->reason == "interrupted");
  CHECK(exit_code_of(*results) == 130);
  REQUIRE(results->faults.size() == 1);
  CHECK(results->faults[0].healed_at > 0);
  const auto in_force = scene.switchboard->rules();
  REQUIRE(in_force.ok());
  CHECK(in_force->empty());
  CHECK(scene.has("results.json"));
}

TEST_CASE("runner: a proxy that does not answer is an error of the run, not a verdict", "[etcd]") {
  if (!real_etcd::installed()) {
    WARN("skipped: etcd is not installed");
    return;
  }
  RunScene scene(1);
  REQUIRE(scene.cluster.wait_ready(20 * kSecond).ok());
  scene.suite.workload.time = kSecond;
  std::thread cable([&scene] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    scene.api->stop();
  });
  const auto results = scene.run();
  cable.join();
  REQUIRE_FALSE(results.ok());
  CHECK(results.error().code == ErrorCode::unavailable);
  CHECK(scene.has("history.jsonl"));
}
