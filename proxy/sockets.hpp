// Sockets: the few system calls that listeners and connections need, as small functions.
//
// All descriptors are non-blocking and close-on-exec; stream sockets have TCP_NODELAY (the proxy
// adds no waiting of its own) and SO_OOBINLINE (an urgent byte stays in its place in the stream).
// Thread: any. ERRORS: errno, as the calls give it. Tested by tests/proxy/proxy_test.cpp.
#pragma once

#include <cstddef>

#include "base/fd.hpp"
#include "sunder/topology.hpp"

namespace sunder::proxy {

/// A stream socket towards a server; invalid on error (errno).
[[nodiscard]] UniqueFd open_stream_socket() noexcept;
void prepare_stream_socket(int fd) noexcept;
/// Lets the socket speak with a foreign address (IP_TRANSPARENT), its port chosen at connect.
/// RETURNS 0 or errno.
[[nodiscard]] int bind_source(int fd, Ipv4 source) noexcept;
/// RETURNS 0 (connected), EINPROGRESS, or what went wrong.
[[nodiscard]] int start_connect(int fd, IpPort to) noexcept;
/// The pending error of a socket, which is cleared by asking; 0 if none.
[[nodiscard]] int take_error(int fd) noexcept;
/// Makes the coming close() send RST and drop what is unsent.
void reset_on_close(int fd) noexcept;
[[nodiscard]] IpPort peer_address(int fd) noexcept;
[[nodiscard]] IpPort own_address(int fd) noexcept;

}  // namespace sunder::proxy
