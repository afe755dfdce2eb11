// HttpStream; see http_stream.hpp. One of the few files that include httplib.
#include "control/http_stream.hpp"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "control/limits.hpp"

namespace sunder::control {
namespace {

Nanos clock_now() {
  return monotonic_clock().now();
}

void read_name(const sockaddr_in& address, std::string& ip, int& port) {
  std::array<char, INET_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) != nullptr) {
    ip = text.data();
  }
  port = ntohs(address.sin_port);
}

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

bool HttpStream::wait(short events, Nanos until) const {
  for (;;) {
    const Nanos left = until - clock_now();
    if (left <= 0) return false;
    pollfd asked{fd_, events, 0};
    const int ready = ::poll(&asked, 1, static_cast<int>(left / kMillisecond) + 1);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool HttpStream::is_readable() const {
  return at_ < end_ || wait(POLLIN, std::min(read_until_, clock_now() + kSilenceTime));
}

bool HttpStream::is_writable() const {
  char byte = 0;
  const ssize_t got = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    return false;
  }
  return wait(POLLOUT, clock_now() + kSilenceTime);
}

ssize_t HttpStream::read(char* to, size_t size) {
  if (at_ == end_) {
    if (!is_readable()) return -1;
    ssize_t got = 0;
    do {
      got = ::recv(fd_, ahead_.data(), ahead_.size(), 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return got;
    at_ = 0;
    end_ = static_cast<std::size_t>(got);
  }
  const std::size_t count = std::min(size, end_ - at_);
  std::memcpy(to, ahead_.data() + at_, count);
  at_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t HttpStream::write(const char* from, size_t size) {
  if (!wait(POLLOUT, clock_now() + kSilenceTime)) return -1;
  ssize_t sent = 0;
  do {
    sent = ::send(fd_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

void HttpStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    read_name(address, ip, port);
  }
}

void HttpStream::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    read_name(address, ip, port);
  }
}

}  // namespace

std::unique_ptr<httplib::Stream> make_http_stream(int fd, Nanos read_until) {
  return std::make_unique<HttpStream>(fd, read_until);
}

}  // namespace sunder::control
