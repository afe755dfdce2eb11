// See stream.hpp. Every wait is a poll() up to the deadline.
#include "harness/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace sunder::harness {
namespace {

std::string words(int err) {
  return std::generic_category().message(err);
}

// RETURNS false when the deadline has passed.
bool wait_for(int fd, short events, Nanos deadline) {
  for (;;) {
    const Nanos left = deadline - monotonic_clock().now();
    if (left <= 0) return false;
    const Nanos ms = std::min<Nanos>((left + kMillisecond - 1) / kMillisecond, 1'000'000);
    pollfd p{fd, events, 0};
    const int n = ::poll(&p, 1, static_cast<int>(ms));
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return true;  // the next call on the socket tells
  }
}

sockaddr_in address_of(Ipv4 ip, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(ip);
  out.sin_port = htons(port);
  return out;
}

}  // namespace

StreamStep Stream::dial(Nanos deadline) {
  fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return {StreamEnd::not_sent, "no socket: " + words(errno)};
  const int one = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (source_ != 0) {
    ::setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    const sockaddr_in from = address_of(source_, 0);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
      StreamStep failed{StreamEnd::not_sent,
                        "cannot use the address " + to_string(source_) + ": " + words(errno)};
      fd_.reset();
      return failed;
    }
  }
  const sockaddr_in to = address_of(node_.ip, node_.port);
  int err = 0;
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    err = errno;
    if (err == EINPROGRESS) {
      if (!wait_for(fd_.get(), POLLOUT, deadline)) {
        fd_.reset();
        return {StreamEnd::not_sent, "no connection in time"};
      }
      socklen_t size = sizeof err;
      ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &err, &size);
    }
  }
  if (err == 0) return {};
  fd_.reset();
  const bool refused = err == ECONNREFUSED || err == ECONNRESET;
  return {refused ? StreamEnd::refused : StreamEnd::not_sent, "connecting: " + words(err)};
}

StreamStep Stream::send(std::string_view bytes, Nanos deadline) {
  bool sent = false;
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      sent = true;
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      return {sent ? StreamEnd::reset : StreamEnd::not_sent, "sending: " + words(errno)};
    }
    if (!wait_for(fd_.get(), POLLOUT, deadline)) {
      return {sent ? StreamEnd::timeout : StreamEnd::not_sent,
              "the request did not go out in time"};
    }
  }
  return {};
}

StreamStep Stream::receive_some(std::string* in, Nanos deadline) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      in->append(buffer.data(), static_cast<std::size_t>(n));
      return {};
    }
    if (n == 0) return {StreamEnd::reset, "the connection was closed before the answer", true};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return {StreamEnd::reset, "receiving: " + words(errno)};
    if (!wait_for(fd_.get(), POLLIN, deadline)) return {StreamEnd::timeout, "no answer in time"};
  }
}

bool Stream::quiet() const {
  if (!fd_) return false;
  pollfd p{fd_.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&p, 1, 0) == 0;
}

}  // namespace sunder::harness
