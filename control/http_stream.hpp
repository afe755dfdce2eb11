// HttpStream: the bytes of one HTTP request and its answer, with an end: a request that does not come as a whole within
// kRequestTime is given up, however slowly its bytes drip in.
//
// accepted socket → **HttpStream** → cpp-httplib. It reads ahead, since httplib asks for single bytes of a line.
// For control/server.cpp only; one of the few files that include httplib.
// Thread: the request's. Ownership: borrows the socket. Tested by tests/control/security_test.cpp.
#pragma once

#include <httplib.h>

#include <array>
#include <string>

#include "sunder/time.hpp"

namespace sunder::control {

class HttpStream final : public httplib::Stream {
 public:
  HttpStream(int fd, Nanos read_until) : fd_(fd), read_until_(read_until) {}

  bool is_readable() const override;
  /// False also when the other side has closed.
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

 private:
  [[nodiscard]] bool wait(short events, Nanos until) const;

  int fd_;
  Nanos read_until_;
  std::array<char, 4096> ahead_{};
  std::size_t at_ = 0;
  std::size_t end_ = 0;
};

}  // namespace sunder::control
