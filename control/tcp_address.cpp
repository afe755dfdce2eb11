// Addresses and listening sockets; see tcp_address.hpp.
#include "control/tcp_address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace sunder::control {
namespace {

Error wrong(std::string message) {
  return {ErrorCode::invalid, std::move(message), "listen", "bad_address"};
}

Error wrong_address(std::string_view address, const char* why) {
  return wrong("address " + std::string(address) + ": " + why);
}

/// A place to listen; `any` is every address of the machine.
struct Place {
  bool any = false;
  sockaddr_storage address{};
  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&address); }
  [[nodiscard]] sockaddr* raw() { return reinterpret_cast<sockaddr*>(&address); }
  [[nodiscard]] socklen_t size() const {
    return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  }
  void set_any(int family) {
    address = {};
    address.ss_family = static_cast<sa_family_t>(family);
  }
  void set_port(std::uint16_t port) {
    if (address.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6*>(&address)->sin6_port = htons(port);
    } else {
      reinterpret_cast<sockaddr_in*>(&address)->sin_port = htons(port);
    }
  }
  [[nodiscard]] std::uint16_t port() const {
    return ntohs(address.ss_family == AF_INET6
                     ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                     : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  [[nodiscard]] std::string text() const {
    char buffer[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET6) {
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr, buffer,
                  sizeof buffer);
      return "[" + std::string(buffer) + "]:" + std::to_string(port());
    }
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr, buffer,
                sizeof buffer);
    return std::string(buffer) + ":" + std::to_string(port());
  }
};

Result<std::uint16_t> port_number(const std::string& port) {
  if (port.empty()) return std::uint16_t{0};
  const std::size_t first = port[0] == '-' || port[0] == '+' ? 1 : 0;
  const bool number =
      port.size() > first && std::all_of(port.begin() + static_cast<long>(first), port.end(),
                                         [](unsigned char c) { return std::isdigit(c) != 0; });
  if (number) {
    const long value = port.size() > 8 ? 99999 : std::stol(port);
    if (value < 0 || value > 65535) return wrong_address(port, "invalid port");
    return static_cast<std::uint16_t>(value);
  }
  servent found{};
  servent* service = nullptr;
  char buffer[1024];
  if (::getservbyname_r(port.c_str(), "tcp", &found, buffer, sizeof buffer, &service) != 0 ||
      service == nullptr) {
    return wrong("lookup tcp/" + port + ": unknown port");
  }
  return ntohs(static_cast<std::uint16_t>(service->s_port));
}

Status look_up(const std::string& host, Place& out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.address);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    out.address.ss_family = AF_INET;
    return {};
  }
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    out.address.ss_family = AF_INET6;
    return {};
  }
  const bool digits = host.find_first_not_of("0123456789.") == std::string::npos;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (digits || ::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) {
    return wrong("lookup " + host + ": no such host");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  const addrinfo* best = list;  // an IPv4 address where there is one
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET) {
      best = one;
      break;
    }
  }
  std::memcpy(&out.address, best->ai_addr, best->ai_addrlen);
  return {};
}

Result<Place> place_of(std::string_view text) {
  HostPort parts;
  if (!text.empty()) {
    auto split = split_host_port(text);
    if (!split) return split.error();
    parts = std::move(*split);
  }
  const auto port = port_number(parts.port);
  if (!port) return port.error();
  Place out;
  if (parts.host.empty()) {
    out.any = true;
    out.set_any(AF_INET6);
  } else {
    SUNDER_TRY(look_up(parts.host, out));
  }
  out.set_port(*port);
  return out;
}

bool every_address(const Place& place) {
  if (place.any) return true;
  if (place.address.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6*>(&place.address)->sin6_addr;
    return std::memcmp(&address, &in6addr_any, sizeof address) == 0;
  }
  return reinterpret_cast<const sockaddr_in*>(&place.address)->sin_addr.s_addr == INADDR_ANY;
}

/// errno as Go says it: strerror with a small first letter.
std::string reason(int err) {
  std::string out = std::strerror(err);
  if (!out.empty()) out[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace

Result<HostPort> split_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong_address(text, "missing port in address");
  std::string_view host;
  std::string_view rest = text;  // no brackets in here
  if (text[0] == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return wrong_address(text, "missing ']' in address");
    if (end + 1 != colon) {
      const bool more = end + 1 < text.size() && text[end + 1] == ':';
      return wrong_address(text, more ? "too many colons in address" : "missing port in address");
    }
    host = text.substr(1, end - 1);
    if (host.find('[') != std::string_view::npos) {
      return wrong_address(text, "unexpected '[' in address");
    }
    rest = text.substr(end + 1);
  } else {
    host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos) {
      return wrong_address(text, "too many colons in address");
    }
  }
  if (rest.find('[') != std::string_view::npos) {
    return wrong_address(text, "unexpected '[' in address");
  }
  if (rest.find(']') != std::string_view::npos) {
    return wrong_address(text, "unexpected ']' in address");
  }
  return HostPort{std::string(host), std::string(text.substr(colon + 1))};
}

Result<std::uint16_t> numeric_port(const HostPort& address) {
  std::uint16_t port = 0;
  const char* end = address.port.data() + address.port.size();
  const auto read = std::from_chars(address.port.data(), end, port);
  if (read.ec == std::errc() && read.ptr == end) return port;
  return Error{ErrorCode::invalid, "\"" + address.port + "\" is no port; write 0 to 65535"};
}

Result<std::string> resolve_tcp(std::string_view text) {
  const auto place = place_of(text);
  if (!place) return place.error();
  return place->any ? ":" + std::to_string(place->port()) : place->text();
}

Result<ListeningSocket> listen_tcp(std::string_view text) {
  auto found = place_of(text);
  if (!found) {
    Error error = found.error();
    error.message = "listen tcp: " + error.message;
    return error;
  }
  Place& place = *found;
  const std::string asked = place.any ? ":" + std::to_string(place.port()) : place.text();
  if (every_address(place)) {
    const std::uint16_t port = place.port();
    place.set_any(AF_INET6);  // with IPV6_V6ONLY off it takes IPv4 too
    place.set_port(port);
  }
  UniqueFd fd(::socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd && errno == EAFNOSUPPORT && every_address(place)) {  // a machine without IPv6
    const std::uint16_t port = place.port();
    place.set_any(AF_INET);
    place.set_port(port);
    fd = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!fd) return wrong("listen tcp " + asked + ": socket: " + reason(errno));
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (place.address.ss_family == AF_INET6) {
    const int only = every_address(place) ? off : on;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  socklen_t size = place.size();
  const bool bound = ::bind(fd.get(), place.raw(), size) == 0;
  if (!bound || ::listen(fd.get(), SOMAXCONN) != 0 ||
      ::getsockname(fd.get(), place.raw(), &size) != 0) {
    const int err = errno;
    return Error{err == EADDRINUSE ? ErrorCode::unavailable : ErrorCode::io,
                 "listen tcp " + asked + ": bind: " + reason(err), "listen",
                 err == EADDRINUSE ? "port_in_use" : "cannot_listen"};
  }
  return ListeningSocket{std::move(fd), place.text()};
}

}  // namespace sunder::control
