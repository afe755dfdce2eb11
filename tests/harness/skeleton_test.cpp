// The process skeleton: channels, short programs, removal of folders, and the host side with its clean-up.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "harness/skeleton/host_side.hpp"
#include "harness/skeleton/run_program.hpp"
#include "tests/harness/in_child.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::test;

TEST_CASE("channel: bodies, descriptors and end of file", "[skeleton]") {
  auto ends = Channel::pair();
  REQUIRE(ends.ok());
  const std::string big(3U << 20, 'x');  // larger than any socket buffer
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::thread writer([&] {
    CHECK(
        ends->first.send(FrameWriter().number(-7).texts({"a", "", "c"}).body(), {null.get()}).ok());
    CHECK(ends->first.send(big).ok());
    CHECK(ends->first.send("").ok());
    ends->first.close();
  });
  auto one = ends->second.receive();
  auto two = ends->second.receive();
  auto three = ends->second.receive();
  auto end = ends->second.receive();
  writer.join();
  REQUIRE((one.ok() && one->has_value()));
  FrameReader reader((*one)->body);
  CHECK(reader.number() == -7);
  CHECK(reader.texts() == std::vector<std::string>{"a", "", "c"});
  CHECK_FALSE(reader.broken());
  CHECK(reader.number() == 0);
  CHECK(reader.broken());
  REQUIRE((*one)->fds.size() == 1);
  CHECK((::fcntl((*one)->fds[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE((two.ok() && two->has_value()));
  CHECK((*two)->body == big);
  REQUIRE((three.ok() && three->has_value()));
  CHECK((*three)->body.empty());
  REQUIRE(end.ok());
  CHECK_FALSE(end->has_value());
}

TEST_CASE("run_program: output, failure, deadline", "[skeleton]") {
  auto said = run_program({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, 5 * kSecond);
  REQUIRE(said.ok());
  CHECK(said->text == "out\nerr\n");
  CHECK(WEXITSTATUS(said->wait_status) == 3);
  CHECK(run_program({"/nowhere/at-all"}, kSecond).error().code == ErrorCode::not_found);
  CHECK(run_program({"/bin/sleep", "60"}, 50 * kMillisecond).error().code == ErrorCode::timeout);
  CHECK(find_program("sh").find("/sh") != std::string::npos);
  CHECK(find_program("no-such-program-here").empty());
}

TEST_CASE("remove_tree never follows a symbolic link", "[skeleton]") {
  const std::string dir = make_temp_dir();
  std::filesystem::create_directories(dir + "/gone/deep/er");
  std::filesystem::create_directories(dir + "/kept");
  std::ofstream(dir + "/kept/file") << "precious";
  std::ofstream(dir + "/gone/deep/file") << "x";
  std::filesystem::create_symlink(dir + "/kept", dir + "/gone/deep/link");
  std::filesystem::create_symlink(dir + "/gone", dir + "/alias");
  CHECK(remove_tree(dir + "/gone"));
  CHECK_FALSE(std::filesystem::exists(dir + "/gone"));
  CHECK(read_text_file(dir + "/kept/file") == "precious");
  CHECK(remove_tree(dir + "/alias"));
  CHECK(remove_tree(dir + "/not-there"));
  CHECK(remove_tree(dir));
}

TEST_CASE("host side: runs a command with its environment and folder", "[skeleton][hostside]") {
  std::string why;
  if (!single_threaded(why)) {
    WARN(why);
    return;
  }
  const std::string outcome = in_child([]() -> std::string {
    const std::string dir = make_temp_dir();
    auto host = HostSide::fork({dir, {}});
    NEED(host.ok(), host.error().message);
    auto& side = **host;
    auto start = side.run_command({"sh", "-c", "echo $HELLO > out; pwd >> out; kill -s PIPE $$"},
                                  {"PATH=/usr/bin:/bin", "HELLO=there"}, dir);
    NEED(start.ok() && start->started() && start->pid > 0, "");
    auto status = side.wait_command(5 * kSecond);
    NEED(status.ok() && status->has_value(), "no status");
    NEED(WIFSIGNALED(**status) && WTERMSIG(**status) == SIGPIPE, "SIGPIPE is not the default");
    NEED(read_text_file(dir + "/out") == "there\n" + dir + "\n", read_text_file(dir + "/out"));

    auto missing = side.run_command({"no-such-program"}, {"PATH=/usr/bin:/bin"}, dir);
    NEED(missing.ok() && missing->failure_exit_code() == 127, "127");
    auto denied = side.run_command({"/etc/passwd"}, {"PATH=/usr/bin:/bin"}, dir);
    NEED(denied.ok() && denied->failure_exit_code() == 126, "126");

    auto sleep = side.run_command({"sleep", "60"}, {"PATH=/usr/bin:/bin"}, dir);
    NEED(sleep.ok() && sleep->started(), "");
    NEED(side.wait_command(0).ok() && !side.wait_command(0)->has_value(), "too early");
    NEED(side.signal_command(SIGINT).ok(), "signal");
    auto ended = side.wait_command(5 * kSecond);
    NEED(ended.ok() && ended->has_value() && WTERMSIG(**ended) == SIGINT, "SIGINT");

    std::ofstream(dir + ".run") << "run-time file";
    NEED(side.add_file_to_remove(dir + ".run").ok(), "add file");
    side.close();
    NEED(!std::filesystem::exists(dir) && !std::filesystem::exists(dir + ".run"), "left over");
    return "";
  });
  CHECK(outcome == "");
}

TEST_CASE("host side: SIGKILL of sunder ends the command and removes the scratch folder",
          "[skeleton][hostside]") {
  std::string why;
  if (!single_threaded(why)) {
    WARN(why);
    return;
  }
  for (const std::string how : {"sleep", "stubborn"}) {
    const std::string dir = make_temp_dir();
    const std::string marker = "7771." + std::to_string(::getpid());
    auto ready = Channel::pair();
    std::fflush(nullptr);
    const pid_t fake_sunder = ::fork();
    if (fake_sunder == 0) {
      auto host = HostSide::fork({dir, {dir + ".run"}});
      std::ofstream(dir + ".run") << "x";
      std::ofstream(dir + "/data") << "x";
      // One child stays in the group, one makes a session of its own.
      const std::string trap = how == "stubborn" ? "trap '' TERM; " : "";
      static_cast<void>(host.value()->run_command(
          {"sh", "-c", trap + "setsid sleep " + marker + " & sleep " + marker + "; true"},
          {"PATH=/usr/bin:/bin"}, "/"));
      static_cast<void>(ready->second.send("go"));
      ::pause();
      ::_exit(0);
    }
    ready->second.close();
    REQUIRE(ready->first.receive()->has_value());
    CHECK(eventually([&] { return count_processes("sleep") > 0 && count_processes(marker) >= 3; },
                     2 * kSecond));
    ::kill(fake_sunder, SIGKILL);
    ::waitpid(fake_sunder, nullptr, 0);
    INFO(how);
    CHECK(eventually([&] { return count_processes(marker) == 0; }, 4 * kSecond));
    CHECK(eventually([&] { return !std::filesystem::exists(dir); }, 4 * kSecond));
    CHECK_FALSE(std::filesystem::exists(dir + ".run"));
  }
}
