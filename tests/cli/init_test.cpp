// What `sunder init` writes is a suite, whatever the system.
#include <filesystem>

#include "cli/first_suite.hpp"
#include "harness/skeleton/process.hpp"
#include "harness/suite.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;

TEST_CASE("init: the first suite of every system can be read", "[init]") {
  REQUIRE_FALSE(harness::known_systems().empty());
  const std::string path =
      (std::filesystem::temp_directory_path() / "sunder-first-suite.toml").string();
  for (const std::string& name : harness::known_systems()) {
    const auto system = harness::load_system(name);
    REQUIRE(system.ok());
    REQUIRE(harness::write_text_file(path, cli::first_suite(*system)).ok());
    const auto suite = harness::load_suite(path);
    INFO(name << ": " << (suite.ok() ? "" : suite.error().text()));
    REQUIRE(suite.ok());
    CHECK(suite->cluster.system == name);
    CHECK(suite->nemeses.size() == 1);
    CHECK(suite->linearizable.wanted == (name != "embedded-crdt"));  // it has sets only
    CHECK(suite->linearizable.wanted == suite->checks.empty());
  }
  std::filesystem::remove(path);
}
