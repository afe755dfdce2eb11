// Clocks of nodes: what the library is told, that its file is never half there, and that a read of it is noticed.
#include "harness/node_clock.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/skeleton/process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

Suite suite_with(const std::string& nemesis) {
  Suite suite;
  suite.nemeses.emplace_back().name = nemesis;
  return suite;
}

bool has(const std::vector<std::string>& env, const std::string& line) {
  return std::find(env.begin(), env.end(), line) != env.end();
}

}  // namespace

TEST_CASE("clock: offsets as the library reads them, and as people do") {
  CHECK(clock_text(0) == "+0.000000000\n");
  CHECK(clock_text(500 * kMillisecond) == "+0.500000000\n");
  CHECK(clock_text(-2 * kSecond - 1) == "-2.000000001\n");
  CHECK(offset_text(500 * kMillisecond) == "+500ms");
  CHECK(offset_text(-2 * kSecond) == "-2s");
}

TEST_CASE(
    "clock: the library is asked for where a suite skews, and its lack is told before anything "
    "starts") {
  const ::test::TempDir folder;
  const std::string pattern = folder.path() + "/*/libfaketimeMT.so.1";
  const auto unused = clock_library(suite_with("kill"), pattern);
  REQUIRE(unused.ok());
  CHECK(unused->empty());
  const auto missing = clock_library(suite_with("skew"), pattern);
  REQUIRE_FALSE(missing.ok());
  CHECK(exit_code(missing.error().code) == 4);
  CHECK(missing.error().message.find("apt-get install faketime") != std::string::npos);
  std::filesystem::create_directory(folder.path() + "/x");
  std::ofstream(folder.path() + "/x/libfaketimeMT.so.1") << "library";
  CHECK(*clock_library(suite_with("skew"), pattern) == folder.path() + "/x/libfaketimeMT.so.1");
}

TEST_CASE("clock: a process's variables") {
  std::vector<std::string> env{"PATH=/bin", "LC_ALL=de_DE.UTF-8", "LANG=C", "LD_PRELOAD=own.so"};
  put_under_clock("/lib/ft.so", {true, {"libc.so.6"}, ""}, "/data/n1.clock", env);
  CHECK(has(env, "PATH=/bin"));
  CHECK(has(env, "LD_PRELOAD=/lib/ft.so:libc.so.6:own.so"));
  CHECK(has(env, "FAKETIME_TIMESTAMP_FILE=/data/n1.clock"));
  CHECK(has(env, "FAKETIME_NO_CACHE=1"));
  // Its decimal point is "." whatever the machine's language is, which is kept otherwise.
  CHECK(has(env, "LANG=de_DE.UTF-8"));
  CHECK(has(env, "LC_NUMERIC=C"));
  for (const std::string& line : env) CHECK(line.rfind("LC_ALL=", 0) != 0);
}

TEST_CASE("clock: whoever reads the file is noticed, once it has been set anew") {
  const ::test::TempDir folder;
  const std::string path = folder.path() + "/n1.clock";
  NodeClock clock(path);
  CHECK_FALSE(clock.asked());
  REQUIRE(clock.set(0).ok());
  CHECK_FALSE(clock.asked());
  CHECK(read_text_file(path) == "+0.000000000\n");
  CHECK(clock.asked());
  REQUIRE(clock.set(-300 * kMillisecond).ok());
  CHECK_FALSE(clock.asked());
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
  CHECK(read_text_file(path) == "-0.300000000\n");
  CHECK(read_text_file(path) == "-0.300000000\n");
  CHECK(clock.asked());
  CHECK(clock.asked());
  NodeClock nowhere(folder.path() + "/no/such/folder/clock");
  CHECK_FALSE(nowhere.set(0).ok());
}
