// See sockets.hpp.
#include "nodes/tcp/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "nodes/tcp/wire.hpp"

namespace sunder::nodes {
namespace {

constexpr std::size_t kMostUnsent = 1024 * 1024;  // bytes; what is more is lost, as on a bad link
constexpr int kUserTimeoutMs = 1500;              // a peer that acknowledges nothing is given up

sockaddr_in address_of(IpPort where) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(where.ip);
  out.sin_port = htons(where.port);
  return out;
}

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

UniqueFd make_socket() {
  return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

void set_stream_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
}

bool try_again() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

Result<UniqueFd> listen_at(IpPort address) {
  UniqueFd fd = make_socket();
  if (!fd) return errno_error("socket", errno);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  const sockaddr_in name = address_of(address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    Error error = errno_error("can't listen at " + to_string(address), errno);
    error.code = ErrorCode::unavailable;
    return error;
  }
  return fd;
}

UniqueFd accept_from(int listener) {
  UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) set_stream_options(fd.get());
  return fd;
}

UniqueFd begin_connect(IpPort to) {
  UniqueFd fd = make_socket();
  if (!fd) return fd;
  set_stream_options(fd.get());
  const sockaddr_in name = address_of(to);
  const int done = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  if (done != 0 && errno != EINPROGRESS) fd.reset();
  return fd;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

IpPort local_address(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  return {ntohl(name.sin_addr.s_addr), ntohs(name.sin_port)};
}

void LineSocket::close() {
  fd_.reset();
  in_.clear();
  out_.clear();
}

bool LineSocket::put(std::string_view line) {
  if (!open() || out_.size() + line.size() > kMostUnsent) return false;
  out_ += line;
  return flush();
}

bool LineSocket::flush() {
  while (!out_.empty()) {
    const ssize_t sent = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0) return try_again();
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

bool LineSocket::read(const std::function<void(std::string_view)>& take) {
  char buffer[16 * 1024];
  const ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
  if (got < 0) return try_again();
  if (got == 0) return false;
  in_.append(buffer, static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (std::size_t end = in_.find('\n'); end != std::string::npos; end = in_.find('\n', begin)) {
    const std::string line = in_.substr(begin, end - begin);
    begin = end + 1;
    take(line);
    if (!open()) return true;  // closed by the taker
  }
  in_.erase(0, begin);
  return in_.size() <= kLongestLine;
}

}  // namespace sunder::nodes
