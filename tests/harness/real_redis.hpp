// A real redis-server on loopback for tests, ready when the constructor returns; ended by pid when it goes out of scope.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "harness/redis/session.hpp"
#include "tests/harness/real_etcd.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace real_redis {

inline bool installed() {
  return ::access("/usr/bin/redis-server", X_OK) == 0;
}

class Server {
 public:
  explicit Server(const std::vector<std::string>& more = {}) {
    where_ = {real_etcd::kLoopback, real_etcd::free_port()};
    std::vector<std::string> words{"redis-server",
                                   "--port",
                                   std::to_string(where_.port),
                                   "--bind",
                                   "127.0.0.1",
                                   "--dir",
                                   folder_.path(),
                                   "--save",
                                   "",
                                   "--repl-diskless-sync-delay",
                                   "0"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int null = ::open("/dev/null", O_RDWR);
      ::dup2(null, 1);
      ::dup2(null, 2);
      ::execv("/usr/bin/redis-server", argv.data());
      ::_exit(127);
    }
    // A replica that shows old data is there when it has its primary's; one that does not, when it answers at all.
    const bool synced = !more.empty() && more.size() == 3 && more[0] == "--replicaof";
    bool ready = false;
    for (int i = 0; i < 500 && !ready; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      sunder::harness::redis::Session session(where_, 0);
      const auto answer =
          session.ask({"INFO", "replication"}, sunder::monotonic_clock().now() + sunder::kSecond);
      ready = answer.step.ok() && answer.reply.text.find("role:") != std::string::npos &&
              (!synced || answer.reply.text.find("master_link_status:up") != std::string::npos);
    }
    REQUIRE(ready);
  }
  ~Server() { end(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] sunder::IpPort where() const { return where_; }
  void signal(int number) const { ::kill(pid_, number); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  ::test::TempDir folder_;
  sunder::IpPort where_;
  pid_t pid_ = 0;
};

}  // namespace real_redis
