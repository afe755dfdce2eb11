// The launcher: what a started process sees, what is reported, and that nothing outlives a SIGKILL of sunder.
#include "harness/launcher/launcher.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>

#include "harness/netns/net_topology.hpp"
#include "harness/skeleton/host_side.hpp"
#include "sunder/rng.hpp"
#include "tests/harness/in_child.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::test;

namespace {

const std::vector<std::string> kEnv{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "MARK=here"};

ClusterSpec two_nodes() {
  ClusterSpec cluster;
  cluster.nodes = {"n1", "n2"};
  return cluster;
}

// What a process started in n1's namespace finds there, and how its end is told.
std::string surroundings(const std::string& dir) {
  NEED(isolate({dir}).ok(), "isolate");
  auto plan = plan_addresses(two_nodes(), 0);
  auto network = NetTopology::build(*plan);
  NEED(network.ok(), network.error().message);
  auto started = Launcher::start();
  NEED(started.ok(), started.error().message);
  Launcher& launcher = **started;
  NEED(network.value()->bring_up().ok(), "bring up");
  NEED(write_text_file(dir + "/hosts", plan->hosts_file()).ok(), "hosts");

  LaunchSpec spec;
  spec.id = launcher.new_id();
  spec.argv = {"sh", "-c",
               "hostname; grep n2 /etc/hosts; ip -4 -o addr show eth0; echo $MARK; echo err >&2; "
               "ls /proc | grep -c '^[0-9]'; ls -l /proc/$$/fd | wc -l; pwd; exit 7"};
  spec.env = kEnv;
  spec.cwd = dir;
  spec.hostname = "db1";
  spec.hosts_file = dir + "/hosts";
  spec.log = dir + "/n1.log";
  spec.network = network.value()->node_namespace("n1");
  auto launched = launcher.launch(spec);
  NEED(launched.ok() && launched->started(), "launch");
  auto ended = launcher.next_exit();
  NEED(ended.ok() && ended->has_value(), "exit");
  NEED((*ended)->id == spec.id && WEXITSTATUS((*ended)->wait_status) == 7, "status");
  const std::string log = read_text_file(spec.log);
  for (const std::string part : {"db1\n", "10.77.0.12 n2\n", "10.77.0.11/32", "here\n", "err\n"}) {
    NEED(log.find(part) != std::string::npos, "not in the log: " + part + log);
  }
  // Processes it can see: the launcher, itself, ls, grep. Descriptors: 0, 1, 2 (and the line "total").
  NEED(log.find("\n4\n4\n" + dir + "\n") != std::string::npos, log);

  spec.id = launcher.new_id();
  spec.argv = {"/no/such/program"};
  launched = launcher.launch(spec);
  NEED(launched.ok() && launched->exec_errno == ENOENT, "exec error");
  NEED(launched->failed_at == "run the program", launched->failed_at);
  spec.log = "/no/such/folder/log";
  launched = launcher.launch(spec);
  NEED(launched.ok() && launched->failed_at == "open its log file", launched->failed_at);
  NEED(launcher.signal(spec.id, SIGTERM).error().code == ErrorCode::not_found, "signal");
  return "";
}

// Pids are those of this process's /proc; a signal reaches the whole group; the group goes with its first process.
std::string pids_and_groups() {
  NEED(isolate({}).ok(), "isolate");
  auto started = Launcher::start();
  NEED(started.ok(), started.error().message);
  Launcher& launcher = **started;
  const std::string marker = "8881." + std::to_string(::getpid());
  LaunchSpec spec;
  spec.env = kEnv;
  spec.argv = {"sh", "-c", "sleep " + marker + " & exec sleep " + marker};
  for (int round = 0; round < 2; ++round) {
    spec.id = launcher.new_id();
    auto launched = launcher.launch(spec);
    NEED(launched.ok() && launched->started(), "launch");
    const std::string proc = "/proc/" + std::to_string(launched->pid) + "/cmdline";
    NEED(eventually([&] { return count_processes(marker) == 2; }, 2 * kSecond), "two");
    const std::string wanted = std::string("sleep\0", 6) + marker + std::string("\0", 1);
    NEED(eventually([&] { return read_text_file(proc) == wanted; }, 2 * kSecond), "pid");
    if (round == 0) NEED(launcher.signal(spec.id, SIGTERM).ok(), "group signal");
    if (round == 1) NEED(::kill(launched->pid, SIGKILL) == 0, "only the first process");
    auto ended = launcher.next_exit();
    NEED(ended.ok() && ended->has_value() && (*ended)->id == spec.id, "exit");
    NEED(WTERMSIG((*ended)->wait_status) == (round == 0 ? SIGTERM : SIGKILL), "signal");
    NEED(eventually([&] { return count_processes(marker) == 0; }, 2 * kSecond), "left over");
  }
  spec.id = launcher.new_id();
  NEED(launcher.launch(spec).ok(), "launch");
  launcher.close();
  NEED(count_processes(marker) == 0, "left over after close");
  NEED(launcher.launch(spec).error().code == ErrorCode::unavailable, "launch after close");
  return "";
}

// As sunder goes through its start, with everything on; never returns.
[[noreturn]] void whole_start(const std::string& dir, const std::string& marker) {
  auto host = HostSide::fork({dir, {dir + ".run"}});
  static_cast<void>(write_text_file(dir + ".run", "x"));
  if (!isolate({dir}).ok()) ::_exit(1);
  auto launcher = Launcher::start();
  auto network = NetTopology::build(*plan_addresses(two_nodes(), 1));
  if (!launcher.ok() || !network.ok() || !host.ok()) ::_exit(1);
  static_cast<void>(write_text_file(dir + "/data", "on the tmpfs"));
  static_cast<void>(network.value()->bring_up());
  LaunchSpec spec;
  spec.env = kEnv;
  spec.argv = {"sh", "-c", "setsid sleep " + marker + " & exec sleep " + marker};
  for (const char* node : {"n1", "n2"}) {
    spec.id = launcher.value()->new_id();
    spec.network = network.value()->node_namespace(node);
    static_cast<void>(launcher.value()->launch(spec));
  }
  static_cast<void>(host.value()->run_command({"sleep", marker}, kEnv, "/"));
  while (true) ::pause();
}

bool skipped() {
  std::string why;
  if (can_isolate(why)) return false;
  WARN(why);
  return true;
}

}  // namespace

TEST_CASE("launcher: hostname, hosts, network, log, folder, exec errors", "[netns][launcher]") {
  if (skipped()) return;
  const std::string dir = make_temp_dir();
  CHECK(in_child([&] { return surroundings(dir); }) == "");
  CHECK(remove_tree(dir));
}

TEST_CASE("launcher: pids, process groups, close", "[netns][launcher]") {
  if (skipped()) return;
  CHECK(in_child(pids_and_groups) == "");
}

TEST_CASE("SIGKILL of sunder at any moment leaves nothing", "[netns][launcher][sigkill]") {
  if (skipped()) return;
  Rng dice(static_cast<std::uint64_t>(monotonic_clock().now()));
  int complete = 0;
  for (int round = 0; round < 20; ++round) {
    const std::string dir = make_temp_dir();
    const std::string marker = "9991." + std::to_string(::getpid()) + std::to_string(round);
    std::fflush(nullptr);
    const pid_t sunder = ::fork();
    if (sunder == 0) whole_start(dir, marker);
    const auto moment = static_cast<int>(dice.below(round < 15 ? 60 : 250));
    ::poll(nullptr, 0, moment);
    if (count_processes(marker) >= 5) ++complete;
    ::kill(sunder, SIGKILL);
    ::waitpid(sunder, nullptr, 0);
    INFO("killed after " << moment << " ms");
    CHECK(eventually([&] { return count_processes(marker) == 0; }, 4 * kSecond));
    // Before the host side existed nobody can remove the folder: the test made it, not sunder.
    CHECK(eventually(
        [&] {
          return !std::filesystem::exists(dir) ||
                 (std::filesystem::is_empty(dir) && !std::filesystem::exists(dir + ".run"));
        },
        4 * kSecond));
    remove_tree(dir);
  }
  WARN("killed while everything ran: " << complete << " of 20");
}
