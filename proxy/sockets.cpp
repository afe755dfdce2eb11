// Sockets: see sockets.hpp. Source: socket(7), tcp(7), ip(7). Tested by tests/proxy/proxy_test.cpp.
#include "proxy/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sunder::proxy {
namespace {

void set_option(int fd, int level, int name, int value) noexcept {
  ::setsockopt(fd, level, name, &value, sizeof value);  // hints: a socket without them still works
}

sockaddr_in to_sockaddr(IpPort address) noexcept {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(address.ip);
  out.sin_port = htons(address.port);
  return out;
}

IpPort from_sockaddr(const sockaddr_in& address) noexcept {
  return {ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

}  // namespace

void prepare_stream_socket(int fd) noexcept {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1);
}

Address::Address(IpPort address) noexcept : size(sizeof(sockaddr_in)) {
  const sockaddr_in out = to_sockaddr(address);
  std::memcpy(raw.data(), &out, sizeof out);
}

Address::Address(const sockaddr* address, socklen_t length) noexcept
    : size(std::min<socklen_t>(length, sizeof raw)) {
  std::memcpy(raw.data(), address, size);
}

Ipv4 Address::ipv4() const noexcept {
  if (size == 0) return 0;
  if (!ipv6()) return ntohl(reinterpret_cast<const sockaddr_in*>(raw.data())->sin_addr.s_addr);
  const auto& v6 = reinterpret_cast<const sockaddr_in6*>(raw.data())->sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&v6)) return 0;
  Ipv4 mapped = 0;
  std::memcpy(&mapped, v6.s6_addr + 12, sizeof mapped);
  return ntohl(mapped);
}

std::uint16_t Address::port() const noexcept {
  if (size == 0) return 0;
  return ntohs(ipv6() ? reinterpret_cast<const sockaddr_in6*>(raw.data())->sin6_port
                      : reinterpret_cast<const sockaddr_in*>(raw.data())->sin_port);
}

bool operator==(const Address& a, const Address& b) noexcept {
  if (a.size == 0 || b.size == 0) return a.size == b.size;
  if (a.port() != b.port() || a.ipv4() != b.ipv4()) return false;
  if (a.ipv4() != 0 || !a.ipv6() || !b.ipv6()) return a.ipv4() != 0 || a.ipv6() == b.ipv6();
  return std::memcmp(&reinterpret_cast<const sockaddr_in6*>(a.raw.data())->sin6_addr,
                     &reinterpret_cast<const sockaddr_in6*>(b.raw.data())->sin6_addr,
                     sizeof(in6_addr)) == 0;
}

std::string to_string(const Address& address) {
  if (address.size == 0) return "unknown";
  if (address.ipv4() != 0 || !address.ipv6()) {
    return to_string(IpPort{address.ipv4(), address.port()});
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.raw.data());
  ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]:" + std::to_string(address.port());
}

std::optional<Address> numeric_address(const std::string& host, std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return Address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    return Address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return std::nullopt;
}

UniqueFd open_stream_socket(int family) noexcept {
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd) prepare_stream_socket(fd.get());
  return fd;
}

int bind_source(int fd, Ipv4 source) noexcept {
  const int on = 1;
  if (::setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof on) != 0) return errno;
  set_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const sockaddr_in address = to_sockaddr({source, 0});
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
  return 0;
}

int start_connect(int fd, const Address& to) noexcept {
  const sockaddr* where = to.get();
  if (::connect(fd, where, to.size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  // On one machine the handshake is over by now: asking again (EALREADY where it is not) saves a
  // turn of the loop for each connection.
  if (::connect(fd, where, to.size) == 0) return 0;
  return errno == EALREADY || errno == EINTR ? EINPROGRESS : errno;
}

int take_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void reset_on_close(int fd) noexcept {
  const linger value{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}

Address peer_of(int fd) noexcept {
  Address out;
  socklen_t size = sizeof out.raw;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(out.raw.data()), &size) == 0) out.size = size;
  return out;
}

Address own_of(int fd) noexcept {
  Address out;
  socklen_t size = sizeof out.raw;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(out.raw.data()), &size) == 0) out.size = size;
  return out;
}

IpPort peer_address(int fd) noexcept {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return from_sockaddr(address);
}

IpPort own_address(int fd) noexcept {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return from_sockaddr(address);
}

}  // namespace sunder::proxy
