// Run-time files: written, found while the process lives, ignored when stale or broken or somebody else's.
#include "control/runtime_file.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;

namespace {

/// A pid that has lived and is gone.
pid_t dead_pid() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

struct Folder {
  std::string base = "/tmp/sunder-runtime-test-" + std::to_string(::getpid());
  Folder() {
    std::filesystem::create_directories(base);
    ::setenv("XDG_RUNTIME_DIR", base.c_str(), 1);
    ::unsetenv("SUNDER_API");
  }
  ~Folder() {
    ::unsetenv("XDG_RUNTIME_DIR");
    std::filesystem::remove_all(base);
  }
};

}  // namespace

TEST_CASE("ctl finds the one live run, and only a live one") {
  const Folder scope;
  const std::string folder = runtime_folder();
  CHECK(folder == scope.base + "/sunder");
  CHECK(find_api("").value() == "http://127.0.0.1:8474");
  REQUIRE(write_runtime_file(folder, {dead_pid(), "http://127.0.0.1:1", "old"}).ok());
  CHECK(find_api("").value() == "http://127.0.0.1:8474");
  const auto path = write_runtime_file(folder, {::getpid(), "http://127.0.0.1:4711", "etcd"});
  REQUIRE(path.ok());
  CHECK(find_api("").value() == "http://127.0.0.1:4711");
  CHECK(find_api("http://x:1").value() == "http://x:1");
  ::setenv("SUNDER_API", "http://y:2", 1);
  CHECK(find_api("").value() == "http://y:2");
  ::unsetenv("SUNDER_API");
  std::ofstream(folder + "/broken.json") << "{";
  std::ofstream(folder + "/other.json") << R"({"pid":"x","api":5})";
  CHECK(live_runs(folder).size() == 1);
  remove_runtime_file(*path);
  CHECK(live_runs(folder).empty());
}

TEST_CASE("several live runs must be told apart by the user") {
  const Folder scope;
  REQUIRE(write_runtime_file(runtime_folder(), {::getpid(), "http://127.0.0.1:1", "a"}).ok());
  REQUIRE(write_runtime_file(runtime_folder(), {::getppid(), "http://127.0.0.1:2", "b"}).ok());
  const auto found = find_api("");
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().code == ErrorCode::invalid);
}

TEST_CASE("a folder that is open to others is not used") {
  const Folder scope;
  const std::string folder = runtime_folder();
  std::filesystem::create_directories(folder);
  ::chmod(folder.c_str(), 0777);
  CHECK_FALSE(write_runtime_file(folder, {::getpid(), "http://127.0.0.1:1", "a"}).ok());
  CHECK(live_runs(folder).empty());
}
