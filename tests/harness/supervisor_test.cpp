// Systems and their templates; and the supervisor over real processes: python3's web server, and etcd where installed.
#include "harness/supervisor.hpp"

#include <fcntl.h>

#include <filesystem>

#include "harness/netns/probe.hpp"
#include "harness/skeleton/run_program.hpp"
#include "tests/harness/stand.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::test;

namespace {

std::string life_of_a_web_cluster(const std::string& dir) {
  Stand stand;
  stand.dir = dir;
  if (auto failed = stand.open(*parse_system(kWebServer, "web"), cluster_of({"n1", "n2"}));
      !failed.empty()) {
    return failed;
  }
  Supervisor& cluster = *stand.cluster;
  NEED(cluster.version().find("3.") == 0, cluster.version());
  NEED(cluster.start_all().ok(), "start");
  auto ready = cluster.wait_ready(10 * kSecond);
  NEED(ready.ok(), ready.error().message);
  NEED(stand.seen() == "+n1 +n2 ", stand.seen());

  auto nodes = cluster.nodes();
  NEED(nodes.size() == 2 && nodes[0].alive && nodes[0].endpoint == "10.77.0.11:8000", "status");
  const std::string line = read_text_file("/proc/" + std::to_string(nodes[1].pid) + "/cmdline");
  NEED(line.find("10.77.0.12") != std::string::npos, line);
  NEED(cluster.start("n1").error().code == ErrorCode::exists, "started twice");

  // A client thread in the client namespace reaches the node by its address; the main thread stays where it is.
  bool reached = false;
  std::thread client([&] {
    reached = cluster.enter_client_namespace().ok() &&
              probe({{nodes[0].ip, 8000}, "/sub/peers", "{me: n1, others: 2:n2@10.77.0.12:8000}"});
  });
  client.join();
  NEED(reached, "the client did not reach n1");

  NEED(cluster.signal("n2", SIGKILL).ok(), "kill");
  NEED(eventually([&] { return !cluster.nodes()[1].alive; }, 2 * kSecond), "n2 lives");
  NEED(eventually([&] { return stand.seen() == "+n1 +n2 -n2 "; }, 2 * kSecond), stand.seen());
  NEED(WTERMSIG(cluster.nodes()[1].exit_status) == SIGKILL, "exit status");
  NEED(cluster.signal("n2", SIGTERM).error().code == ErrorCode::not_found, "signal to the dead");
  NEED(cluster.wait_ready(kSecond).error().code == ErrorCode::unavailable, "ready with a dead one");
  NEED(cluster.start("n2").ok() && cluster.wait_ready(10 * kSecond).ok(), "restart");
  NEED(stand.seen() == "+n1 +n2 -n2 +n2 ", stand.seen());

  NEED(cluster.signal("n1", SIGSTOP).ok(), "pause");
  NEED(cluster.wait_ready(200 * kMillisecond).error().code == ErrorCode::timeout, "paused, ready");
  const Nanos before = monotonic_clock().now();
  cluster.stop();  // also a paused node
  NEED(monotonic_clock().now() - before < 2 * kSecond, "a paused node was not woken to end");
  NEED(!cluster.nodes()[0].alive && !cluster.nodes()[1].alive, "alive after stop");
  NEED(read_text_file(dir + "/logs/n1.log").find("GET /sub/peers") != std::string::npos, "log");
  NEED(stand.seen() == "+n1 +n2 -n2 +n2 ", stand.seen());
  return "";
}

std::string commands_inside(const std::string& dir) {
  Stand stand;
  stand.dir = dir;
  if (auto failed = stand.open(*parse_system(kWebServer, "web"), cluster_of({"n1"}));
      !failed.empty()) {
    return failed;
  }
  Supervisor& cluster = *stand.cluster;
  std::array<int, 2> pipe{};
  NEED(::pipe(pipe.data()) == 0, "pipe");
  InsideCommand command;
  command.argv = {"sh", "-c", "hostname; ip -4 -o addr show eth0 | wc -l; exit 5"};
  command.env = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin"};
  command.cwd = "/";
  command.stdio = {-1, pipe[1], pipe[1]};
  Launched launched;
  auto id = cluster.start_inside(command, launched);
  NEED(id.ok() && launched.started(), "start inside");
  auto status = cluster.wait_inside(*id, 5 * kSecond);
  NEED(status.has_value() && WEXITSTATUS(*status) == 5, "status");
  std::array<char, 200> text{};
  const ssize_t n = ::read(pipe[0], text.data(), text.size());
  NEED(std::string(text.data(), static_cast<std::size_t>(n)) == "client\n2\n", text.data());
  command.argv = {"sleep", "60"};
  id = cluster.start_inside(command, launched);
  NEED(id.ok() && !cluster.wait_inside(*id, 20 * kMillisecond).has_value(), "sleeps");
  NEED(cluster.signal_inside(*id, SIGINT).ok(), "signal");
  NEED(WTERMSIG(cluster.wait_inside(*id, 5 * kSecond).value_or(0)) == SIGINT, "SIGINT");
  command.argv = {"no-such-program"};
  id = cluster.start_inside(command, launched);
  NEED(id.ok() && launched.exec_errno == ENOENT, "exec error");
  return "";
}

// What an exec client's program sees: where it runs, and how it is spoken with.
std::string programs_of_clients(const std::string& dir) {
  Stand stand;
  stand.dir = dir;
  System system = *parse_system(kWebServer, "web");
  system.client = "exec";
  system.client_command = {"sh", "-c", "echo {name}"};
  system.client_options = {{"level", "one"}};
  if (auto failed = stand.open(system, cluster_of({"n1", "n2"})); !failed.empty()) return failed;
  Supervisor& cluster = *stand.cluster;
  const ClientKind kind = cluster.client_kind();
  NEED(kind.kind == "exec" && kind.options.at("level") == "one", kind.kind);
  NEED(kind.command.back() == "echo n1", kind.command.back());
  // Without a node in the clients' namespace, with one in that node's; both say so, repeat a line, and are ended.
  for (const std::string node : {"", "n2"}) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    NEED(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0, "pipe");
    ProgramSpec program;
    program.log = "client-c1";
    program.argv = {"sh", "-c",
                    "hostname; ip -4 -o addr show eth0 | grep -c 10.77.0.12; read x; "
                    "echo gone >&2; echo $x; sleep 60"};
    program.node = node;
    program.input = in[0];
    program.output = out[1];
    const auto id = cluster.programs()->start_program(program);
    NEED(id.ok(), id.error().message);
    ::close(in[0]);
    ::close(out[1]);
    NEED(::write(in[1], "hello\n", 6) == 6, "write");
    std::string said;
    std::array<char, 100> text{};
    const std::string wanted = std::string("client\n") + (node.empty() ? "0" : "1") + "\nhello\n";
    while (said.size() < wanted.size()) {
      const ssize_t n = ::read(out[0], text.data(), text.size());
      NEED(n > 0, said);
      said.append(text.data(), static_cast<std::size_t>(n));
    }
    NEED(said == wanted, said);
    cluster.programs()->end_program(*id);
    NEED(::read(out[0], text.data(), text.size()) == 0, "it was not ended");
    ::close(in[1]);
    ::close(out[0]);
  }
  const std::string log = read_text_file(dir + "/logs/client-c1.log");
  NEED(log == "gone\ngone\n", log);
  const auto none =
      cluster.programs()->start_program({"client-c1", {"no-such-program"}, "", -1, -1});
  NEED(none.error().message.find("No such file or directory") != std::string::npos,
       none.error().message);
  return "";
}

std::string early_end(const std::string& dir) {
  System system = *parse_system(kWebServer, "web");
  system.args = {"-c", "print('I can not go on'); raise SystemExit(3)"};
  Stand stand;
  stand.dir = dir;
  if (auto failed = stand.open(system, cluster_of({"n1"})); !failed.empty()) return failed;
  NEED(stand.cluster->start_all().ok(), "start");
  auto ready = stand.cluster->wait_ready(10 * kSecond);
  NEED(ready.error().code == ErrorCode::unavailable, ready.error().message);
  const std::string& text = ready.error().message;
  NEED(text.find("node n1 ended with status 3") != std::string::npos, text);
  NEED(text.find("I can not go on") != std::string::npos, text);
  return "";
}

std::string runs_real_etcd(const std::string& dir) {
  Stand stand;
  stand.dir = dir;
  if (auto failed = stand.open(*load_system("etcd"), cluster_of({"n1", "n2", "n3"}));
      !failed.empty()) {
    return failed;
  }
  Supervisor& cluster = *stand.cluster;
  NEED(cluster.version() >= "3.", cluster.version());
  NEED(cluster.start_all().ok(), "start");
  auto ready = cluster.wait_ready(30 * kSecond);
  NEED(ready.ok(), ready.error().message);
  NEED(cluster.signal("n1", SIGKILL).ok(), "kill");
  NEED(eventually([&] { return !cluster.nodes()[0].alive; }, 2 * kSecond), "alive");
  NEED(cluster.start("n1").ok(), "start again");
  ready = cluster.wait_ready(30 * kSecond);  // with its data, as it left it
  NEED(ready.ok(), ready.error().message);
  return "";
}

}  // namespace

TEST_CASE("every system that is built in can be read", "[system]") {
  CHECK_FALSE(known_systems().empty());
  for (const auto& name : known_systems()) {
    auto system = load_system(name);
    INFO(name << ": " << (system.ok() ? "" : system.error().text()));
    REQUIRE(system.ok());
    // What is not sunder itself comes from a package.
    CHECK(system->packages.empty() == (system->binary == "{self}"));
    const std::vector<NodeFacts> facts{{"n1", "n1", "10.77.0.11", 1, "/d/n1", "127.0.0.1:1"},
                                       {"n2", "n2", "10.77.0.12", 2, "/d/n2", "127.0.0.1:2"}};
    CHECK(fill_templates(*system, system->args, facts, 1).ok());
    for (const auto& [path, file] : system->files) {
      CHECK(fill_template(*system, path, facts, 1).ok());
      CHECK(fill_template(*system, file.text, facts, 1).ok());
    }
    for (const auto& step : system->prepare) {
      CHECK(fill_templates(*system, step.command, facts, 1).ok());
    }
    for (const auto& process : system->processes) {
      CHECK(fill_templates(*system, process.args, facts, 1).ok());
    }
  }
  auto unknown = load_system("no-such-database");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message.find("etcd") != std::string::npos);
}

TEST_CASE("templates", "[system]") {
  auto etcd = load_system("etcd");
  REQUIRE(etcd.ok());
  const std::vector<NodeFacts> facts{{"n1", "n1", "10.77.0.11", 1, "/d/n1", "127.0.0.1:4001"},
                                     {"n2", "n2", "10.77.0.12", 2, "/d/n2", "127.0.0.1:4002"}};
  CHECK(*fill_template(*etcd, "{initial_cluster}", facts, 0) ==
        "n1=http://10.77.0.11:2380,n2=http://10.77.0.12:2380");
  CHECK(*fill_template(*etcd, "{{{name} {endpoint}", facts, 1) == "{n2 127.0.0.1:4002");
  CHECK_FALSE(fill_template(*etcd, "{nope}", facts, 0).ok());
  CHECK_FALSE(fill_template(*etcd, "{name", facts, 0).ok());
}

TEST_CASE("mistakes in a system.toml are named with their line", "[system]") {
  const auto message = [](const std::string& toml) {
    auto parsed = parse_system(toml, "x.toml");
    return parsed.ok() ? std::string{} : parsed.error().text();
  };
  CHECK(message("title = \"x\"\n[program]\nbinary = \"x\"\n[ports]\nclient = 1\nbad = 99999\n")
            .find("x.toml:6") != std::string::npos);
  CHECK(message("title = \"x\"\n[program]\nbinary = \"x\"\n").find("client") != std::string::npos);
  CHECK(message("title = \"x\"\ntypo = 1\n[program]\nbinary=\"x\"\n[ports]\nclient=1\n")
            .find("typo") != std::string::npos);
}

TEST_CASE("a database that is not installed is named with its package", "[system]") {
  System system = *load_system("etcd");
  system.binary = "etcd-that-is-not-here";
  auto programs = find_programs(system, cluster_of({"n1"}));
  REQUIRE_FALSE(programs.ok());
  CHECK(exit_code(programs.error().code) == 4);
  CHECK(programs.error().message.find("etcd-server") != std::string::npos);
}

TEST_CASE("supervisor: start, ready, kill, restart, pause, stop", "[netns][supervisor]") {
  with_folder(life_of_a_web_cluster);
}

TEST_CASE("supervisor: commands in the client namespace", "[netns][supervisor]") {
  with_folder(commands_inside);
}

TEST_CASE("supervisor: programs of exec clients", "[netns][supervisor]") {
  with_folder(programs_of_clients);
}

TEST_CASE("supervisor: a node that ends at once is reported with its last words",
          "[netns][supervisor]") {
  with_folder(early_end);
}

TEST_CASE("supervisor: three real etcd nodes", "[netns][supervisor][etcd]") {
  if (find_program("etcd").empty()) {
    WARN("skipped: etcd is not installed");
    return;
  }
  with_folder(runs_real_etcd);
}
