// Sockets: the few system calls that listeners and connections need, as small functions.
//
// All descriptors are non-blocking and close-on-exec; stream sockets have TCP_NODELAY (the proxy
// adds no waiting of its own) and SO_OOBINLINE (an urgent byte stays in its place in the stream).
// Thread: any. ERRORS: errno, as the calls give it. Tested by tests/proxy/proxy_test.cpp.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "sunder/topology.hpp"

namespace sunder::proxy {

/// An IPv4 or IPv6 address with its port, as the kernel takes it.
struct Address {
  alignas(8) std::array<std::byte, 28> raw{};
  socklen_t size = 0;

  Address() = default;
  explicit Address(IpPort address) noexcept;
  Address(const sockaddr* address, socklen_t length) noexcept;
  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(raw.data());
  }
  [[nodiscard]] bool ipv6() const noexcept { return get()->sa_family == AF_INET6; }
  /// 0 where it is IPv6, and not an IPv4 address written as one.
  [[nodiscard]] Ipv4 ipv4() const noexcept;
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// An IPv4 address is the same when it is written as IPv6.
  friend bool operator==(const Address& a, const Address& b) noexcept;
};
/// "127.0.0.1:7002", "[::1]:7002"
[[nodiscard]] std::string to_string(const Address& address);
/// RETURNS nothing where `host` is a name.
[[nodiscard]] std::optional<Address> numeric_address(const std::string& host, std::uint16_t port);

/// A stream socket towards a server; invalid on error (errno).
[[nodiscard]] UniqueFd open_stream_socket(int family = AF_INET) noexcept;
void prepare_stream_socket(int fd) noexcept;
/// Lets the socket speak with a foreign address (IP_TRANSPARENT), its port chosen at connect.
/// RETURNS 0 or errno.
[[nodiscard]] int bind_source(int fd, Ipv4 source) noexcept;
/// RETURNS 0 (connected), EINPROGRESS, or what went wrong.
[[nodiscard]] int start_connect(int fd, const Address& to) noexcept;
/// The pending error of a socket, which is cleared by asking; 0 if none.
[[nodiscard]] int take_error(int fd) noexcept;
/// Makes the coming close() send RST and drop what is unsent.
void reset_on_close(int fd) noexcept;
/// Of either family; `size` 0 where there is none.
[[nodiscard]] Address peer_of(int fd) noexcept;
[[nodiscard]] Address own_of(int fd) noexcept;
[[nodiscard]] IpPort peer_address(int fd) noexcept;
[[nodiscard]] IpPort own_address(int fd) noexcept;

}  // namespace sunder::proxy
