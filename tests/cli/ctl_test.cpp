// `sunder ctl` and `sunder list` as commands: exit codes and what is printed, against a real API on loopback.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "cli/command.hpp"
#include "cli/ctl_view.hpp"
#include "control/server.hpp"
#include "tests/control/rig.hpp"
#include "tests/support/catch.hpp"

namespace sunder::cli {
extern const Command ctl_command;
extern const Command list_command;
}  // namespace sunder::cli

using namespace sunder;
using namespace sunder::cli;

namespace {

struct Printed {
  int code = 0;
  std::string out;  ///< standard output and error together
};

/// Runs a command with its output caught in a temporary file.
Printed run(const Command& command, const std::vector<std::string>& words) {
  std::fflush(stdout);
  std::fflush(stderr);
  std::FILE* file = std::tmpfile();
  const int out = ::dup(1);
  const int err = ::dup(2);
  ::dup2(::fileno(file), 1);
  ::dup2(::fileno(file), 2);
  Printed outcome;
  outcome.code = command.run(words);
  std::fflush(stdout);
  std::fflush(stderr);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::close(out);
  ::close(err);
  std::rewind(file);
  char buffer[4096];
  std::size_t n = 0;
  while ((n = std::fread(buffer, 1, sizeof buffer, file)) > 0) outcome.out.append(buffer, n);
  std::fclose(file);
  return outcome;
}

struct Api : control::testing::Rig {
  std::unique_ptr<control::ApiServer> server =
      std::move(control::ApiServer::bind("127.0.0.1", 0)).value();
  Api() {
    server->start(*board);
    ::setenv("SUNDER_API", server->url().c_str(), 1);
  }
  ~Api() {
    server->stop();
    ::unsetenv("SUNDER_API");
  }
};

bool has(const Printed& outcome, const std::string& text) {
  return outcome.out.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("ctl: a partition, its status, its heal") {
  Api api;
  auto outcome = run(ctl_command, {"partition", "n1", "/", "n2,n3", "--kind", "hold"});
  INFO(outcome.out);
  CHECK(outcome.code == 0);
  CHECK(has(outcome, "p1: hold on n1:n2, n1:n3, n2:n1, n3:n1, in force after "));
  outcome = run(ctl_command, {"status"});
  CHECK(outcome.code == 0);
  CHECK(has(outcome, "from \\ to"));
  CHECK(has(outcome, "  hold "));
  CHECK(has(run(ctl_command, {"--json", "status"}), "\"pairs\":["));
  CHECK(has(run(ctl_command, {"events", "--json"}), "\"event\":\"partition\""));
  outcome = run(ctl_command, {"heal"});
  CHECK(outcome.code == 0);
  CHECK(has(outcome, "touched nothing (vacuous)"));
  CHECK(has(outcome, "healed after "));
  CHECK(has(run(ctl_command, {"heal"}), "nothing to remove"));
  CHECK(has(run(ctl_command, {"events"}), "heal"));
}

TEST_CASE("ctl: pairs, one way, a single group, leases") {
  Api api;
  CHECK(has(run(ctl_command, {"partition", "--pairs", "n1:n2,client:n3", "--both", "--name", "x"}),
            "x: drop on n1:n2, n2:n1, n3:client, client:n3"));
  CHECK(has(run(ctl_command, {"partition", "n2", "--one-way"}), "drop on n2:n1, n2:n3,"));
  CHECK(
      has(run(ctl_command, {"partition", "n1/n2", "--lease", "1h", "--json"}), "\"name\":\"p2\""));
  CHECK(run(ctl_command, {"heal", "x", "p1"}).code == 0);
}

TEST_CASE("ctl: faults and nodes") {
  Api api;
  CHECK(has(run(ctl_command, {"fault", "add", "delay", "n1:*", "delay=50ms", "jitter=5ms", "--name",
                              "slow", "--probability", "50%", "--for", "1h"}),
            "slow: delay on n1:n2, n1:n3, in force after "));
  CHECK(has(run(ctl_command, {"fault", "list"}), "slow: delay n1:n2,n1:n3 delay=50ms jitter=5ms"));
  CHECK(run(ctl_command, {"fault", "remove", "slow"}).code == 0);
  CHECK(has(run(ctl_command, {"fault", "list"}), "no fault is in force"));
  CHECK(run(ctl_command, {"node", "n2", "down"}).code == 0);
  CHECK(has(run(ctl_command, {"status"}), "n2 10.77.0.12 DOWN"));
}

TEST_CASE("ctl: shapes, flapping, and what overlaps") {
  Api api;
  CHECK(has(run(ctl_command, {"partition", "--shape", "isolate", "--nodes", "n1", "--flap", "9s/9s",
                              "--name", "flaps"}),
            "flaps: drop on n1:n2, n1:n3, n2:n1, n3:n1"));
  CHECK(run(ctl_command, {"fault", "add", "delay", "n1:n2", "delay=1ms"}).code == 0);
  const auto status = run(ctl_command, {"status"});
  INFO(status.out);
  CHECK(has(status, "n1 -> n2: open connections: dropped, new ones: unanswered"));
  CHECK(has(status, "delay f1: does not act, drop flaps leaves it nothing to act on"));
  CHECK(run(ctl_command, {"partition", "--shape", "star"}).code == 2);
  CHECK(run(ctl_command, {"partition", "n1", "--shape", "pair"}).code == 2);
  CHECK(run(ctl_command, {"partition", "n1", "--seed", "4"}).code == 2);
  CHECK(run(ctl_command, {"partition", "n1", "--flap", "2s"}).code == 2);
  CHECK(run(ctl_command, {"partition", "n1", "--flap", "2s/1ms"}).code == 2);
}

TEST_CASE("ctl: a fault's triggers, and new values in place") {
  Api api;
  CHECK(run(ctl_command, {"fault", "add", "delay", "n1:n2", "delay=1ms", "--name", "slow",
                          "--frame", "resp", "--after-messages", "7"})
            .code == 0);
  CHECK(run(ctl_command, {"fault", "update", "slow", "delay=2ms"}).code == 0);
  CHECK(has(run(ctl_command, {"fault", "list"}),
            "slow: delay n1:n2 delay=2ms frame=resp "
            "after_messages=7"));
  CHECK(run(ctl_command, {"fault", "update", "slow"}).code == 2);
  CHECK(run(ctl_command, {"fault", "update", "nobody", "delay=2ms"}).code == 2);
  CHECK(has(run(ctl_command, {"fault", "add", "--help"}), "lose_reply"));
}

TEST_CASE("ctl: named proxies") {
  Api api;
  CHECK(run(ctl_command, {"proxy", "list"}).code == 2);  // this session has none
  control::ProxyTable table(*api.board, api.proxy);
  api.server->stop();
  api.server = std::move(control::ApiServer::bind("127.0.0.1", 0)).value();
  api.server->start(*api.board, nullptr, &table);
  ::setenv("SUNDER_API", api.server->url().c_str(), 1);
  CHECK(has(run(ctl_command, {"proxy", "list"}), "there is no proxy"));
  CHECK(has(run(ctl_command, {"proxy", "add", "redis", "localhost:6379"}),
            "-> localhost:6379, pairs client:redis and redis:client"));
  CHECK(has(run(ctl_command, {"proxy", "disable", "redis"}), "(disabled)"));
  CHECK_FALSE(has(run(ctl_command, {"proxy", "enable", "redis"}), "(disabled)"));
  CHECK(run(ctl_command, {"proxy", "remove", "redis"}).code == 0);
  CHECK(run(ctl_command, {"proxy", "remove", "redis"}).code == 2);
}

TEST_CASE("ctl: exit codes") {
  Api api;
  CHECK(run(ctl_command, {"partition", "n1", "/", "n9"}).code == 2);
  CHECK(has(run(ctl_command, {"partition", "n1", "/", "n9"}), "groups[1][0]: there is no node"));
  CHECK(run(ctl_command, {"partition"}).code == 2);
  CHECK(run(ctl_command, {"partition", "n1", "--pairs", "n1:n2"}).code == 2);
  CHECK(run(ctl_command, {"partition", "n1", "--kind", "stall"}).code == 2);
  CHECK(run(ctl_command, {"partition", "n1", "--lease", "30"}).code == 2);
  CHECK(run(ctl_command, {"heal", "nobody"}).code == 2);
  CHECK(run(ctl_command, {"fault", "add", "delay", "n1:n2", "delay"}).code == 2);
  CHECK(run(ctl_command, {"fault", "add", "delay", "n1:n2"}).code == 2);
  CHECK(run(ctl_command, {"nonsense"}).code == 2);
  CHECK(run(ctl_command, {}).code == 2);
  CHECK(run(ctl_command, {"--help"}).code == 0);
  CHECK(run(ctl_command, {"status", "--api", "http://127.0.0.1:1"}).code == 4);
  CHECK(run(ctl_command, {"status", "--api", api.server->url()}).code == 0);
  api.filter.broken = true;
  CHECK(run(ctl_command, {"partition", "n1"}).code == 4);  // the machine could not do it
}

TEST_CASE("list: fault kinds from the registry") {
  CHECK(has(run(list_command, {"faults"}), "delay"));
  const auto faults = run(list_command, {"faults", "--json"});
  CHECK(has(faults, "{\"kinds\":[{\"name\":\"delay\""));
  for (const char* field : {"probability", "duration", "frame", "after-bytes", "after-messages"}) {
    CHECK(has(faults, "{\"name\":\"" + std::string(field) + "\",\"doc\":\""));
  }
  CHECK(has(run(list_command, {"faults"}), "after-messages"));
  CHECK(run(list_command, {"faults", "--markdown", "--json"}).code == 2);
  CHECK(run(list_command, {"checks", "--markdown"}).code == 2);
  CHECK(run(list_command, {"unicorns"}).code == 2);
  CHECK(run(list_command, {}).code == 2);
}

TEST_CASE("list: the page of the faults is what the registry says") {
  std::ifstream file(std::string(SUNDER_SOURCE_DIR) + "/docs/reference/faults.md");
  REQUIRE(file.good());
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto written = run(list_command, {"faults", "--markdown"});
  INFO("write it anew: sunder list faults --markdown > docs/reference/faults.md");
  CHECK(page == written.out);
}
