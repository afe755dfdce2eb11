// What the tests of control/ that speak HTTP share: the API on a port of loopback, and a plain connection to a port.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "control/server.hpp"
#include "tests/control/rig.hpp"
#include "tests/support/catch.hpp"

namespace sunder::control::testing {

/// A rig whose switchboard is served over HTTP.
struct Served : Rig {
  std::unique_ptr<ApiServer> server = std::move(ApiServer::bind("127.0.0.1", 0)).value();
  Served() { server->start(*board); }
  ~Served() { server->stop(); }
};

/// A connection to `port` of loopback; with a small receive buffer where one is given.
inline UniqueFd connected(int port, int receive_buffer = 0) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

}  // namespace sunder::control::testing
