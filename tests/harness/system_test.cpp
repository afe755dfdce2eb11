// systems/NAME/system.toml: the client's adapter and its options, variants of a base, and mistakes with their place.
#include "harness/templates.hpp"
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

TEST_CASE("system: words of roles go before those of all, and may hold templates", "[system]") {
  const std::string text = std::string(kExec) + R"(
[lists.all]
item = "{role}"
[others.words]
role = "copy of {first_name} at {first_ip}:{client_port}"
level = "two"
[first.words]
role = "primary of {count}, {majority} agree"
)";
  const auto system = parse_system(text, "x/system.toml");
  REQUIRE(system.ok());
  std::vector<NodeFacts> nodes(3);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].name = "n" + std::to_string(i + 1);
    nodes[i].ip = "10.0.0." + std::to_string(i + 1);
  }
  CHECK(*fill_template(*system, "{role} {level}", nodes, 0) == "primary of 3, 2 agree one");
  CHECK(*fill_template(*system, "{role} {level}", nodes, 2) == "copy of n1 at 10.0.0.1:9042 two");
  CHECK(*fill_template(*system, "{all}", nodes, 2) ==
        "primary of 3, 2 agree,copy of n1 at 10.0.0.1:9042,copy of n1 at 10.0.0.1:9042");
}

TEST_CASE("system: mistakes in what a node prepares and runs are told with their line",
          "[system]") {
  const auto message = [](const std::string& more) {
    const auto parsed = parse_system(std::string(kExec) + more, "x.toml");
    return parsed.ok() ? std::string("none") : parsed.error().text();
  };
  CHECK(message("[[prepare]]\ncommand = [\"true\"]\nonly = \"first\"\n") == "none");
  CHECK(message("[[prepare]]\ncommand = [\"true\"]\nonly = \"second\"\n").find("x.toml:18") == 0);
  CHECK(message("[[prepare]]\ncommand = []\n").find("x.toml:17") == 0);
  CHECK(message("[[process]]\nname = \"a\"\n").find("binary") != std::string::npos);
  CHECK(message("[[process]]\nname = \"a\"\nbinary = \"x\"\nargs = []\n"
                "[[process]]\nname = \"a\"\nbinary = \"x\"\nargs = []\n")
            .find("of that name already") != std::string::npos);
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
