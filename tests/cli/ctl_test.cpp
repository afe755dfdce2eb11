// `sunder ctl` and `sunder list` as commands: exit codes and what is printed, against a real API on loopback.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

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

struct Outcome {
  int code = 0;
  std::string out;  ///< standard output and error together
};

/// Runs a command with its output caught in a temporary file.
Outcome run(const Command& command, const std::vector<std::string>& words) {
  std::fflush(stdout);
  std::fflush(stderr);
  std::FILE* file = std::tmpfile();
  const int out = ::dup(1);
  const int err = ::dup(2);
  ::dup2(::fileno(file), 1);
  ::dup2(::fileno(file), 2);
  Outcome outcome;
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

bool has(const Outcome& outcome, const std::string& text) {
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
  CHECK(has(run(list_command, {"faults", "--json"}), "\"name\":\"delay\""));
  CHECK(run(list_command, {"unicorns"}).code == 2);
  CHECK(run(list_command, {}).code == 2);
}
