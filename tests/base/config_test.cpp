// ConfigTable: values, and messages that name the place.
#include "base/config.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/support/catch.hpp"

using sunder::ConfigTable;
using sunder::ConfigType;
using sunder::ErrorCode;

namespace {

ConfigTable parse(std::string_view text) {
  auto table = ConfigTable::from_string(text, "suite.toml");
  REQUIRE(table.ok());
  return *table;
}

std::string mistake_of(const ConfigTable& table) {
  const auto status = table.finish();
  return status.ok() ? "" : status.error().text();
}

}  // namespace

TEST_CASE("config: every getter reads its type, and absent keys give the fallback") {
  const ConfigTable root = parse(R"(
name = "etcd"
count = 3
load = 1.5
on = true
every = "50ms"
room = "64KiB"
part = "25%"
share = 0.5
names = ["a", "b"]
ports = [1, 65535]
[cluster.env]
PATH = "/bin"
[[node]]
name = "n1"
[[node]]
name = "n2"
)");
  CHECK(root.string("name") == "etcd");
  CHECK(root.integer("count", 0, 1, 9) == 3);
  CHECK(root.number("load", 0) == 1.5);
  CHECK(root.number("count", 0) == 3.0);
  CHECK(root.boolean("on", false));
  CHECK(root.duration("every", 0) == 50 * sunder::kMillisecond);
  CHECK(root.size("room", 0) == 65536);
  CHECK(root.ratio("part", 0) == 0.25);
  CHECK(root.ratio("share", 0) == 0.5);
  CHECK(root.strings("names") == std::vector<std::string>{"a", "b"});
  CHECK(root.integers("ports", 1, 65535) == std::vector<std::int64_t>{1, 65535});
  CHECK(root.integers("none", 1, 9).empty());
  CHECK(root.table("cluster").string_map("env").at("PATH") == "/bin");
  REQUIRE(root.tables("node").size() == 2);
  CHECK(root.tables("node")[0].string("name") == "n1");
  CHECK(root.tables("node")[1].string("name") == "n2");
  CHECK(root.string("absent", "x") == "x");
  CHECK_FALSE(root.table("missing").present());
  CHECK(root.table("missing").integer("n", 7) == 7);
  CHECK(root.type("names") == ConfigType::array);
  CHECK(mistake_of(root).empty());
}

TEST_CASE("config: an unknown key is an error with its line and the nearest known name") {
  const ConfigTable root = parse("[workload]\nname = \"register\"\n\nclinets = 6\n");
  const ConfigTable workload = root.table("workload");
  workload.string("name");
  workload.integer("clients", 1);
  CHECK(mistake_of(root) ==
        "suite.toml:4: there is no key \"workload.clinets\"; did you mean \"clients\"?");
}

TEST_CASE("config: an unknown section and an unknown key in an array of tables") {
  const ConfigTable root = parse("[[nemesis]]\nname = \"x\"\n[[nemesis]]\nevry = \"1s\"\n");
  for (const ConfigTable& n : root.tables("nemesis")) {
    n.string("name");
    n.duration("every", 0);
  }
  CHECK(mistake_of(root) ==
        "suite.toml:4: there is no key \"nemesis[1].evry\"; did you mean \"every\"?");
  const ConfigTable other = parse("a = 1\n\n[zebra]\nx = 1\n");
  other.integer("a", 0);
  CHECK(mistake_of(other) == "suite.toml:3: there is no key \"zebra\"; known here: a");
}

TEST_CASE("config: wrong types, units and ranges name the place and the key path") {
  const ConfigTable root = parse("[a]\nx = 5\ny = \"5\"\nz = 99\nn = [1]\nt = 1\n");
  SECTION("duration as number") {
    root.table("a").duration("x", 0);
    CHECK(mistake_of(root) == "suite.toml:2: \"a.x\" must be a text in quotes, not a whole number");
  }
  SECTION("duration without unit") {
    root.table("a").duration("y", 0);
    root.table("a").mark("x");
    const std::string said = mistake_of(root);
    CHECK(said.find("suite.toml:3: \"a.y\": \"5\" is not a duration") == 0);
  }
  SECTION("range") {
    for (const char* key : {"x", "y", "n", "t"}) root.table("a").mark(key);
    CHECK(root.table("a").integer("z", 1, 1, 9) == 1);
    CHECK(mistake_of(root) == "suite.toml:4: \"a.z\" must be from 1 to 9, not 99");
  }
  SECTION("list of texts") {
    for (const char* key : {"x", "y", "z", "t"}) root.table("a").mark(key);
    root.table("a").strings("n");
    CHECK(mistake_of(root) ==
          "suite.toml:5: \"a.n\" must be a list of texts, but has a whole number");
  }
  SECTION("list of whole numbers") {
    for (const char* key : {"x", "y", "z", "t"}) root.table("a").mark(key);
    SECTION("out of range") {
      root.table("a").integers("n", 2, 9);
    }
    SECTION("of its own kind") {
      root.table("a").integers("n", 0, 0);
    }
    CHECK(mistake_of(root).find("suite.toml:5: \"a.n\" must be a list of whole numbers from ") ==
          0);
  }
  SECTION("table") {
    for (const char* key : {"x", "y", "z", "n"}) root.table("a").mark(key);
    root.table("a").table("t");
    CHECK(mistake_of(root) == "suite.toml:6: \"a.t\" must be a table, not a whole number");
  }
  SECTION("required and choice") {
    for (const char* key : {"x", "z", "n", "t"}) root.table("a").mark(key);
    root.table("a").choice("y", "drop", {"drop", "hold", "reset"});
    CHECK(mistake_of(root) ==
          "suite.toml:3: \"a.y\" can't be \"5\"; it is one of drop, hold and reset");
  }
}

TEST_CASE("config: a missing key is reported at its table, the earliest mistake wins") {
  const ConfigTable root = parse("a = 1\n[cluster]\nnodes = \"x\"\n");
  root.integer("a", 0);
  root.table("cluster").required_string("system");
  root.table("cluster").integer("nodes", 3);
  CHECK(mistake_of(root) ==
        "suite.toml:2: \"cluster.system\" is missing; it must be a text in quotes");
}

TEST_CASE("config: what is not TOML is refused with line and column") {
  const auto bad = ConfigTable::from_string("a = 1\nb = = 2\n", "x.toml");
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().code == ErrorCode::invalid);
  CHECK(bad.error().where == "x.toml:2:5");
}

TEST_CASE("config: files: read, missing, and not a file") {
  const std::string path = "/tmp/sunder-config-test-" + std::to_string(::getpid()) + ".toml";
  std::FILE* f = std::fopen(path.c_str(), "w");
  REQUIRE(f != nullptr);
  std::fputs("a = 1\n", f);
  std::fclose(f);
  const auto good = ConfigTable::from_file(path);
  ::unlink(path.c_str());
  REQUIRE(good.ok());
  CHECK(good->integer("a", 0) == 1);
  CHECK(good->where("a") == path + ":1");
  const auto missing = ConfigTable::from_file(path);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK_FALSE(ConfigTable::from_file("/tmp").ok());
}
