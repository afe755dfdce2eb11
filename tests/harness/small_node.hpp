// What tests of client adapters share: SmallNode, a server on loopback that says what a test wants said, and requests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "harness/operation.hpp"
#include "sunder/topology.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::test {

constexpr Ipv4 kLoopback = 0x7F000001;

/// An operation on k1 with 7; a cas from 3.
inline OpRequest request(check::OpKind kind) {
  OpRequest out;
  out.kind = kind;
  out.key = "k1";
  out.value = 7;
  if (kind == check::OpKind::cas) out.expected = 3;
  return out;
}

/// Not asserted: the peer may be gone, and this is not the test's own thread.
inline void say(int fd, const std::string& bytes) {
  static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == 0);
}

inline std::string take(int fd, std::size_t size) {
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::recv(fd, out.data() + got, size - got, 0);
    if (n <= 0) return {};
    got += static_cast<std::size_t>(n);
  }
  return out;
}

// Takes connections one after another; `serve` speaks on each.
class SmallNode {
 public:
  explicit SmallNode(std::function<void(int)> serve) : serve_(std::move(serve)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(kLoopback);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd_, 8) == 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    where = {kLoopback, ntohs(address.sin_port)};
    thread_ = std::thread([this] {
      for (;;) {
        const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) return;
        ++connections;
        serve_(peer);
        ::close(peer);
      }
    });
  }
  ~SmallNode() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  IpPort where;
  std::atomic<int> connections{0};

 private:
  std::function<void(int)> serve_;
  int fd_ = -1;
  std::thread thread_;
};

}  // namespace sunder::harness::test
