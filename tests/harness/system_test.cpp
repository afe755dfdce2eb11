// systems/NAME/system.toml: the client's adapter and its options, variants of a base, and mistakes with their place.
#include "harness/system.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

constexpr const char* kExec = R"(title = "A store with a client of its own"
[install]
hint = "nothing"
[program]
binary = "python3"
[ports]
client = 9042
[words]
level = "one"
[node]
args = ["--level={level}", "--name={name}"]
[client]
kind = "exec"
command = ["python3", "{data_dir}/client.py"]
consistency = "QUORUM"
)";

}  // namespace

TEST_CASE("system: the client's adapter, its command and its options", "[system]") {
  const auto system = parse_system(kExec, "exec/system.toml");
  REQUIRE(system.ok());
  CHECK(system->client == "exec");
  CHECK(system->client_command == std::vector<std::string>{"python3", "{data_dir}/client.py"});
  CHECK(system->client_options == std::map<std::string, std::string>{{"consistency", "QUORUM"}});

  NodeFacts node;
  node.name = "n2";
  const auto word = fill_template(*system, "{level} of {name}", {node}, 0);
  REQUIRE(word.ok());
  CHECK(*word == "one of n2");
}

TEST_CASE("system: a variant is its base with what it says itself", "[system]") {
  const auto base = load_system("etcd");
  REQUIRE(base.ok());
  const auto variant = parse_system(
      "base = \"etcd\"\ntitle = \"slow etcd\"\n[client]\nreads = \"serializable\"\n[ready]\n"
      "timeout = \"60s\"\n",
      "slow/system.toml");
  REQUIRE(variant.ok());
  CHECK(variant->title == "slow etcd");
  CHECK(variant->binary == base->binary);
  CHECK(variant->args == base->args);
  CHECK(variant->packages == base->packages);
  CHECK(variant->ports == base->ports);
  CHECK(variant->client == "etcd");
  CHECK(variant->client_options.at("reads") == "serializable");
  CHECK(variant->ready.http_path == base->ready.http_path);
  CHECK(variant->ready_timeout == 60 * kSecond);
}

TEST_CASE("system: a base that is not there, and a title that is missing, are told with their line",
          "[system]") {
  const auto unknown = parse_system("# a variant\nbase = \"etcdd\"\n", "x/system.toml");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().text().find("x/system.toml:2") != std::string::npos);
  CHECK(unknown.error().text().find("etcdd") != std::string::npos);
  const auto untitled = parse_system("[program]\nbinary = \"x\"\n", "y/system.toml");
  REQUIRE_FALSE(untitled.ok());
  CHECK(untitled.error().text().find("title") != std::string::npos);
}
