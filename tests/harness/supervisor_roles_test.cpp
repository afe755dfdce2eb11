// What a machine of a database is besides one process: roles, preparations, more processes, another user, descendants.
#include <filesystem>
#include <thread>

#include "harness/netns/probe.hpp"
#include "tests/harness/stand.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::test;

namespace {

// Two roles, a command before the first start, one more process a machine, and another user, as databases have them.
constexpr const char* kRoles = R"TOML(
title = "roles"
[program]
binary = "python3"
search = ["/no/such/folder-*", "/usr/bi*"]
run_as = "nobody"
[ports]
client = 8000
side = 8001
[node]
args = ["-m", "http.server", "--bind", "{ip}", "--directory", "{data_dir}", "{client_port}"]
start = "first"
[[node.file]]
path = "{data_dir}/role"
text = "{role}"
[[node.file]]
path = "{data_dir}/only-others"
text = "x"
only = "others"
[first.words]
role = "primary"
[others.words]
role = "copy of {first_ip}"
[[prepare]]
command = ["sh", "-c", "id -u -n; touch {data_dir}/mine"]
[[prepare]]
command = ["python3", "-c", """
import urllib.request
open("{data_dir}/copy", "wb").write(urllib.request.urlopen("http://{first_ip}:8000/role", timeout=5).read())
"""]
only = "others"
[[process]]
name = "side"
binary = "python3"
args = ["-m", "http.server", "--bind", "{ip}", "--directory", "{data_dir}", "{side_port}"]
[ready]
http = "/role"
expect = "p"
timeout = "10s"
)TOML";

std::string roles_of_nodes(const std::string& dir) {
  Stand stand;
  stand.dir = dir;
  if (auto failed = stand.open(*parse_system(kRoles, "roles"), cluster_of({"n1", "n2"}));
      !failed.empty()) {
    return failed;
  }
  Supervisor& cluster = *stand.cluster;
  const Status started = cluster.start_all();
  NEED(started.ok(), started.error().message);
  NEED(cluster.wait_ready(10 * kSecond).ok(), "ready");
  NEED(read_text_file(dir + "/data/n2/copy") == "primary", "n2 was not prepared from n1");
  NEED(read_text_file(dir + "/data/n2/role") == "copy of 10.77.0.11", "role of n2");
  NEED(!std::filesystem::exists(dir + "/data/n1/only-others"), "a file of others on the first");
  NEED(std::filesystem::exists(dir + "/data/n2/only-others"), "no file of others");
  NEED(read_text_file(dir + "/logs/n1.log").find("nobody") == 0, "not run as nobody");
  NEED(std::filesystem::exists(dir + "/data/n1/mine"), "it can't write into its own folder");

  const auto side_serves = [&](const std::string& node, Ipv4 ip) {
    bool serves = false;
    std::thread inside([&] {
      serves = cluster.enter_node_namespace(node).ok() && probe({{ip, 8001}, "/role", "p"});
    });
    inside.join();
    return serves;
  };
  const Ipv4 ip = cluster.nodes()[0].ip;
  NEED(eventually([&] { return side_serves("n1", ip); }, 10 * kSecond), "no second process");
  NEED(cluster.signal("n1", SIGKILL).ok(), "kill");
  NEED(eventually([&] { return !side_serves("n1", ip); }, 5 * kSecond), "it outlived its machine");
  std::filesystem::remove(dir + "/data/n1/mine");
  NEED(eventually([&] { return !cluster.nodes()[0].alive; }, 5 * kSecond), "n1 lives");
  NEED(cluster.start("n1").ok() && cluster.wait_ready(10 * kSecond).ok(), "start again");
  NEED(eventually([&] { return side_serves("n1", ip); }, 10 * kSecond), "not started again");
  NEED(!std::filesystem::exists(dir + "/data/n1/mine"), "prepared a second time");
  return "";
}

std::string preparation_fails(const std::string& dir) {
  System system = *parse_system(kRoles, "roles");
  system.prepare[0].command = {"sh", "-c", "echo no room left; exit 3"};
  Stand stand;
  stand.dir = dir;
  if (auto failed = stand.open(system, cluster_of({"n1"})); !failed.empty()) return failed;
  const Status started = stand.cluster->start_all();
  NEED(started.error().code == ErrorCode::unavailable, started.error().message);
  const std::string& text = started.error().message;
  NEED(text.find("preparing node n1 with sh failed: it ended with status 3") == 0, text);
  NEED(text.find("ends with: no room left") != std::string::npos, text);
  NEED(stand.seen() == "+n1 -n1 ", stand.seen());
  return "";
}

// A process in a group of its own, as PostgreSQL's are, is paused and killed with its machine.
std::string descendants(const std::string& dir) {
  System system = *parse_system(kWebServer, "web");
  system.binary = "python3";
  system.args = {"-c",
                 "import subprocess, sys, time\n"
                 "subprocess.Popen([sys.executable, '-m', 'http.server', '--bind', '{ip}', "
                 "'--directory', '{data_dir}', '8000'], start_new_session=True)\n"
                 "time.sleep(60)"};
  Stand stand;
  stand.dir = dir;
  if (auto failed = stand.open(system, cluster_of({"n1"})); !failed.empty()) return failed;
  Supervisor& cluster = *stand.cluster;
  NEED(cluster.start_all().ok() && cluster.wait_ready(10 * kSecond).ok(), "start");
  NEED(cluster.signal("n1", SIGSTOP).ok(), "pause");
  NEED(cluster.wait_ready(300 * kMillisecond).error().code == ErrorCode::timeout, "not paused");
  NEED(cluster.signal("n1", SIGCONT).ok() && cluster.wait_ready(10 * kSecond).ok(), "go on");
  NEED(cluster.signal("n1", SIGKILL).ok(), "kill");
  NEED(eventually([&] { return !cluster.nodes()[0].alive; }, 5 * kSecond), "n1 lives");
  // Its port is free again only if the server has gone too.
  NEED(cluster.start("n1").ok() && cluster.wait_ready(10 * kSecond).ok(), "start again");
  NEED(read_text_file(dir + "/logs/n1.log").find("already in use") == std::string::npos, "left");
  return "";
}

}  // namespace

TEST_CASE("supervisor: roles, preparations, one more process, another user",
          "[netns][supervisor]") {
  with_folder(roles_of_nodes);
}

TEST_CASE("supervisor: a preparation that fails stops the start", "[netns][supervisor]") {
  with_folder(preparation_fails);
}

TEST_CASE("supervisor: signals reach descendants in groups of their own", "[netns][supervisor]") {
  with_folder(descendants);
}
