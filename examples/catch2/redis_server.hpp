// RedisServer: a real redis-server for one test, on a free port of 127.0.0.1, with its data in a folder of its own.
// Nothing of it is left afterwards, also when the test crashes: it dies with the process that started it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

class RedisServer {
 public:
  RedisServer();  // waits until it answers; throws std::runtime_error
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Why there can be none here; empty: there can.
  static std::string missing();
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }

 private:
  bool start();
  void stop();

  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  std::string folder_;
};
