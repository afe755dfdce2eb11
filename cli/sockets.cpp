#include "cli/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace sunder::cli {
namespace {

constexpr int kBacklog = 1024;  // a herd of reconnecting nodes after a heal fits

}  // namespace

Result<BoundSocket> listen_on(IpPort address, bool transparent) {
  BoundSocket out;
  out.fd = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!out.fd) return errno_error("can't make a socket", errno);
  const int on = 1;
  ::setsockopt(out.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (transparent && ::setsockopt(out.fd.get(), SOL_IP, IP_TRANSPARENT, &on, sizeof on) != 0) {
    return errno_error("can't make a transparent socket (see sunder doctor)", errno);
  }
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(address.port);
  name.sin_addr.s_addr = htonl(address.ip);
  if (::bind(out.fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(out.fd.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE) {
      return Error{
          ErrorCode::unavailable,
          to_string(address) + " is in use; choose another port or end what listens there"};
    }
    return errno_error("can't listen on " + to_string(address), errno);
  }
  socklen_t length = sizeof name;
  if (::getsockname(out.fd.get(), reinterpret_cast<sockaddr*>(&name), &length) != 0) {
    return errno_error("can't read a socket's name", errno);
  }
  out.address = {ntohl(name.sin_addr.s_addr), ntohs(name.sin_port)};
  return out;
}

}  // namespace sunder::cli
