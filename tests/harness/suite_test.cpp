// Suite files: what is accepted, and that each mistake is refused with its place and the right names.
#include "harness/suite.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.hpp"

using namespace sunder;
using harness::load_suite;
using harness::Suite;

namespace {

// A suite file in a folder of its own.
class File {
 public:
  explicit File(const std::string& text, const std::string& name = "suite.toml") {
    std::string folder = "/tmp/sunder-suite-XXXXXX";
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    path = folder + '/' + name;
    std::ofstream(path) << text;
  }
  ~File() { std::filesystem::remove_all(folder_); }
  std::string path;

 private:
  std::string folder_;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const std::string kGood = R"(schema = 1
[cluster]
system = "etcd"
nodes = 3
[workload]
name = "register"
clients = 6
keys = 3
rate = 200
time = "27s"
op_timeout = "2s"
[[nemesis]]
name = "partition"
targets = "leader"
kind = "drop"
every = "9s"
for = "6s"
[checks.linearizable]
power_inside = 10
[checks.availability]
majority = "yes"
minority = "any"
settle = "2s"
[checks.recovery]
within = "20s"
)";

// The message without the folder.
std::string refusal(const std::string& text) {
  const File file(text);
  const auto suite = load_suite(file.path);
  if (suite.ok()) return "";
  return suite.error().text().substr(file.path.size() + 1);
}

void check_refused(const std::string& from, const std::string& to, const std::string& line,
                   const std::string& part) {
  const std::string said = refusal(replaced(kGood, from, to));
  INFO(said);
  CHECK(said.rfind(line + ": ", 0) == 0);
  CHECK(said.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("suite: every field of a good file is read") {
  const File file(kGood, "My_Suite.toml");
  const auto loaded = load_suite(file.path);
  REQUIRE(loaded.ok());
  const Suite& suite = *loaded;
  CHECK(suite.name == "my-suite");
  CHECK(suite.cluster.system == "etcd");
  CHECK(suite.cluster.nodes == std::vector<std::string>{"n1", "n2", "n3"});
  CHECK(suite.workload.clients == 6);
  CHECK(suite.check_lines.at("linearizable") == 18);
  CHECK(suite.check_lines.at("availability") == 20);
  CHECK(suite.check_lines.at("nemesis") == 12);
  CHECK(suite.workload.rate == 200);
  CHECK(suite.workload.time == 27 * kSecond);
  CHECK(suite.workload.reads == "linearizable");
  REQUIRE(suite.nemeses.size() == 1);
  CHECK(suite.nemeses[0].targets == "leader");
  CHECK(suite.nemeses[0].every == 9 * kSecond);
  CHECK(suite.nemeses[0].duration == 6 * kSecond);
  CHECK(suite.linearizable.wanted);
  CHECK(suite.linearizable.power_inside == 10);
  CHECK(suite.availability.wanted);
  CHECK(suite.availability.majority == "yes");
  CHECK(suite.availability.settle == 2 * kSecond);
  CHECK(suite.recovery.wanted);
  CHECK(suite.recovery.bound == 20 * kSecond);
}

TEST_CASE("suite: the shortest file, names of nodes, and overrides") {
  const File shortest("schema = 1\n[cluster]\nsystem = \"etcd\"\n");
  const auto small = load_suite(shortest.path);
  REQUIRE(small.ok());
  CHECK(small->cluster.nodes.size() == 3);
  CHECK(small->nemeses.empty());
  CHECK_FALSE(small->linearizable.wanted);
  CHECK_FALSE(small->availability.wanted);

  const File named(
      "schema = 1\n[cluster]\nsystem = \"etcd\"\nnodes = [\"a\", \"b-2\"]\n"
      "[[cluster.node]]\nname = \"a\"\nargs = [\"--x\"]\n[cluster.node.env]\nGOGC = \"50\"\n");
  const auto two = load_suite(named.path);
  REQUIRE(two.ok());
  REQUIRE(two->cluster.overrides.size() == 1);
  CHECK(two->cluster.overrides[0].args == std::vector<std::string>{"--x"});
  CHECK(two->cluster.overrides[0].env.at("GOGC") == "50");
}

TEST_CASE("suite: checks of the court by their names, and the quiet before final reads") {
  const std::string head = "schema = 1\n[cluster]\nsystem = \"embedded-crdt\"\n[workload]\n";
  const File file(head + "name = \"set\"\n[checks.set]\n[checks.causal]\n[checks.recovery]\n");
  const auto suite = load_suite(file.path);
  REQUIRE(suite.ok());
  CHECK(suite->checks == std::vector<std::string>{"causal", "set"});  // by their names
  CHECK(suite->recovery.wanted);
  CHECK_FALSE(suite->linearizable.wanted);
  CHECK(suite->workload.quiet == 2 * kSecond);
  const File longer(head + "name = \"set\"\nquiet = \"3s\"\n");
  CHECK(load_suite(longer.path)->workload.quiet == 3 * kSecond);
  const File none(head);
  CHECK(load_suite(none.path)->workload.quiet == 0);
  CHECK(refusal(head + "[checks.set]\nsize = 3\n").find("size") != std::string::npos);
  // A measurement has no bound here, so it can't judge.
  CHECK(refusal(head + "[checks.staleness]\n").find("there is no check") != std::string::npos);
}

TEST_CASE("suite: mistakes name the place and what would be right") {
  check_refused("schema = 1", "schema = 2", "1", "schema = 1");
  check_refused("\"etcd\"", "\"etdc\"", "3", "did you mean \"etcd\"?");
  check_refused("nodes = 3", "nodes = 10", "4", "from 1 to 9");
  check_refused("nodes = 3", "nodes = [\"a\", \"a\"]", "4", "twice");
  check_refused("nodes = 3", "nodes = [\"a\", \"c1\"]", "4", "name of a client");
  check_refused("nodes = 3", "nodes = [\"a\", \"client\"]", "4", "name of a client");
  check_refused("nodes = 3", "nodes = [\"a\", \"B\"]", "4", "can't be a node's name");
  check_refused("nodes = 3", "nodes = 3\nsubnet = \"10.77.0.0\"", "5", "10.77.0.0/24");
  check_refused("\"register\"", "\"ledger\"", "6", "there is: register");
  check_refused("clients = 6", "clients = 0", "7", "from 1 to 64");
  check_refused("rate = 200", "rate = -1", "9", "operations per second");
  check_refused("time = \"27s\"", "time = \"0s\"", "10", "more than 0");
  check_refused("time = \"27s\"", "time = 27", "10", "must be a text");
  check_refused("op_timeout = \"2s\"", "op_timeuot = \"2s\"", "11", "did you mean \"op_timeout\"?");
  check_refused("name = \"partition\"", "name = \"flood\"", "13", "there is: partition");
  check_refused("targets = \"leader\"", "targets = \"n4\"", "14", "n1, n2 and n3");
  check_refused("kind = \"drop\"", "kind = \"cut\"", "15", "drop, hold, reset, close and refuse");
  check_refused("every = \"9s\"", "every = \"6s\"", "16", "at least a second longer");
  check_refused("for = \"6s\"", "for = \"6\"", "17", "not a duration");
  check_refused("[checks.linearizable]", "[checks.linearisable]", "18",
                "did you mean \"linearizable\"?");
  check_refused("majority = \"yes\"", "majority = \"maybe\"", "21", "yes, no and any");
  check_refused("within = \"20s\"", "whithin = \"20s\"", "25", "did you mean \"within\"?");
}

TEST_CASE("suite: skews of clocks, where a system's programs take them") {
  const std::string head = "schema = 1\n[cluster]\nsystem = \"zookeeper\"\n[[nemesis]]\n";
  const File file(head + "name = \"skew\"\ntargets = \"n2\"\noffset = \"-1.5s\"\n");
  const auto suite = load_suite(file.path);
  REQUIRE(suite.ok());
  CHECK(suite->nemeses[0].offset == -1500 * kMillisecond);
  for (const std::string wrong : {"0s", "soon", "+", "--2s"}) {
    const std::string said = refusal(head + "name = \"skew\"\noffset = \"" + wrong + "\"\n");
    INFO(said);
    CHECK(said.rfind("6: ", 0) == 0);
    CHECK(said.find("by which a clock can be off") != std::string::npos);
  }
  CHECK(refusal(head + "name = \"skew\"\n").find("offset") != std::string::npos);
  CHECK(refusal(head + "name = \"kill\"\noffset = \"1s\"\n").rfind("6: ", 0) == 0);

  const File go(replaced(kGood, "name = \"partition\"\ntargets = \"leader\"\nkind = \"drop\"",
                         "name = \"skew\"\ntargets = \"leader\"\noffset = \"1s\""));
  const auto refused = load_suite(go.path);
  REQUIRE_FALSE(refused.ok());
  INFO(refused.error().text());
  CHECK(exit_code(refused.error().code) == 2);
  CHECK(refused.error().where == go.path + ":13");
  CHECK(refused.error().message.find("Go program") != std::string::npos);
}

TEST_CASE("suite: options of clients, and the names that there are") {
  const auto with = [](const std::string& system, const std::string& option) {
    return "schema = 1\n[cluster]\nsystem = \"" + system + "\"\n[cluster.client]\n" + option + "\n";
  };
  const File file(with("cassandra-quorum", "timestamp_skew = \"c2=500ms\""));
  const auto suite = load_suite(file.path);
  INFO((suite ? "" : suite.error().text()));
  REQUIRE(suite.ok());
  CHECK(suite->cluster.client.at("timestamp_skew") == "c2=500ms");
  const std::string near = refusal(with("cassandra-quorum", "timestamp_skwe = \"c2=500ms\""));
  INFO(near);
  CHECK(near.rfind("5: ", 0) == 0);
  CHECK(near.find("did you mean \"timestamp_skew\"?") != std::string::npos);
  CHECK(near.find("consistency") != std::string::npos);
  CHECK(refusal(with("redis-sentinel", "waiit = \"1\"")).find("lock_time_ms") != std::string::npos);
  CHECK(refusal(with("zookeeper", "reads = \"qourum\"")).find("5: ") == 0);
  CHECK(refusal(with("zookeeper", "reads = \"qourum\"")).find("plain, sync") != std::string::npos);
  CHECK(refusal(with("zookeeper", "lock_session_ms = \"4s\"")).find("whole number") !=
        std::string::npos);
  CHECK(refusal(with("zookeeper", "lock_session_ms = \"6000\"")).empty());
  CHECK(refusal(with("etcd", "x = \"1\"")).find("no option \"x\"") != std::string::npos);
  CHECK(refusal(with("cassandra", "kind = \"etcd\"")).find("no option") != std::string::npos);
  CHECK(refusal(with("cassandra", "consistency = 1")).rfind("5: ", 0) == 0);
}

TEST_CASE("suite: network modes that are not there are refused as unsupported, with the reason") {
  for (const std::string mode : {"launcher", "attach"}) {
    const File file(replaced(kGood, "nodes = 3", "nodes = 3\nnetwork = \"" + mode + "\""));
    const auto suite = load_suite(file.path);
    REQUIRE_FALSE(suite.ok());
    CHECK(suite.error().code == ErrorCode::unsupported);
    CHECK(suite.error().where == file.path + ":5");
  }
  CHECK(refusal(replaced(kGood, "nodes = 3", "nodes = 3\nnetwork = \"netns\"")).empty());
  CHECK_FALSE(refusal(replaced(kGood, "nodes = 3", "nodes = 3\nnetwork = \"vpn\"")).empty());
}

TEST_CASE("suite: the examples are good files") {
  for (const char* name : {"etcd.toml", "etcd-stale.toml"}) {
    const std::filesystem::path here(__FILE__);
    const auto path = here.parent_path().parent_path().parent_path() / "examples" / name;
    const auto suite = load_suite(path.string());
    INFO((suite.ok() ? "" : suite.error().text()));
    REQUIRE(suite.ok());
    CHECK(suite->linearizable.wanted);
  }
  CHECK(load_suite("/nowhere/x.toml").error().code == ErrorCode::not_found);
}
