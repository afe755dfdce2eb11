// A connection, or one HTTP/1.0 GET, with a deadline. See probe.hpp. Tested by tests/harness/supervisor_test.cpp.
#include "harness/netns/probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/fd.hpp"

namespace sunder::harness {
namespace {

constexpr std::size_t kAnswerMax = 64U << 10;

bool wait_for(int fd, short events, Nanos deadline) {
  while (true) {
    const Nanos left = deadline - monotonic_clock().now();
    if (left <= 0) return false;
    pollfd wait{fd, events, 0};
    const int n = ::poll(&wait, 1, static_cast<int>(left / kMillisecond) + 1);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
  }
}

bool connect_to(int fd, IpPort address, Nanos deadline) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  to.sin_addr.s_addr = htonl(address.ip);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return true;
  if (errno != EINPROGRESS || !wait_for(fd, POLLOUT, deadline)) return false;
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

bool probe(const ProbeRequest& request) {
  const Nanos deadline = monotonic_clock().now() + request.timeout;
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || !connect_to(fd.get(), request.address, deadline)) return false;
  if (request.http_path.empty()) return true;
  const std::string ask = "GET " + request.http_path +
                          " HTTP/1.0\r\nHost: " + to_string(request.address) +
                          "\r\nConnection: close\r\n\r\n";
  if (::send(fd.get(), ask.data(), ask.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(ask.size())) {
    return false;
  }
  std::string answer;
  std::array<char, 4096> buffer{};
  while (answer.size() < kAnswerMax) {
    const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n == 0) break;
    if (n > 0) {
      answer.append(buffer.data(), static_cast<std::size_t>(n));
    } else if (errno != EINTR && (errno != EAGAIN || !wait_for(fd.get(), POLLIN, deadline))) {
      return false;
    }
  }
  const std::string_view status = std::string_view(answer).substr(0, answer.find('\r'));
  return status.find(" 200") != std::string_view::npos &&
         answer.find(request.expect) != std::string::npos;
}

}  // namespace sunder::harness
