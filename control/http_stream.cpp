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
#include <utility>

#include "control/limits.hpp"
#include "sunder/time.hpp"

namespace sunder::control {
namespace {

void read_name(const sockaddr_in& address, std::string& ip, int& port) {
  std::array<char, INET_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) != nullptr) {
    ip = text.data();
  }
  port = ntohs(address.sin_port);
}

class HttpStream final : public httplib::Stream {
 public:
  HttpStream(int fd, std::string request, std::string& answer)
      : fd_(fd), request_(std::move(request)), answer_(&answer) {}

  bool is_readable() const override { return at_ < request_.size(); }
  /// Sends what waits. False also when the other side has closed.
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

 private:
  [[nodiscard]] bool wait_to_send(Nanos until) const;

  int fd_;
  std::string request_;
  std::size_t at_ = 0;
  std::string* answer_;
};

bool HttpStream::wait_to_send(Nanos until) const {
  for (;;) {
    const Nanos left = until - monotonic_clock().now();
    if (left <= 0) return false;
    pollfd asked{fd_, POLLOUT, 0};
    const int ready = ::poll(&asked, 1, static_cast<int>(left / kMillisecond) + 1);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool HttpStream::is_writable() const {
  char byte = 0;
  const ssize_t got = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    return false;
  }
  const Nanos until = monotonic_clock().now() + kSilenceTime;
  while (!answer_->empty()) {
    if (!wait_to_send(until)) return false;
    const ssize_t sent = ::send(fd_, answer_->data(), answer_->size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) answer_->erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return false;
  }
  return true;
}

ssize_t HttpStream::read(char* to, size_t size) {
  const std::size_t count = std::min(size, request_.size() - at_);
  std::memcpy(to, request_.data() + at_, count);
  at_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t HttpStream::write(const char* from, size_t size) {
  answer_->append(from, size);
  return static_cast<ssize_t>(size);
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

std::unique_ptr<httplib::Stream> make_http_stream(int fd, std::string request,
                                                  std::string& answer) {
  return std::make_unique<HttpStream>(fd, std::move(request), answer);
}

}  // namespace sunder::control
