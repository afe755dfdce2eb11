// See http_connection.hpp. The socket never blocks; every wait is a poll() up to the deadline.
#include "harness/http_connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>

namespace sunder::harness {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{1} << 20U;  // answers are a few hundred bytes

std::string words(int err) {
  return std::generic_category().message(err);
}

sockaddr_in address_of(Ipv4 ip, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(ip);
  out.sin_port = htons(port);
  return out;
}

// Waits for `events`. RETURNS false when the deadline has passed.
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

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What has arrived, read as an answer.
struct Parsed {
  enum class State { incomplete, complete, broken } state = State::incomplete;
  int status = 0;
  std::string body;
  bool keep = true;        // the connection may serve another request
  bool until_end = false;  // no length is given: the body ends with the connection
};

Parsed broken() {
  Parsed out;
  out.state = Parsed::State::broken;
  return out;
}

std::optional<std::string> unchunked(std::string_view in, bool* complete) {
  std::string out;
  *complete = false;
  for (;;) {
    const std::size_t line = in.find("\r\n");
    if (line == std::string_view::npos) return out;
    std::size_t size = 0;
    const auto parsed = std::from_chars(in.data(), in.data() + line, size, 16);
    if (parsed.ec != std::errc{} || size > kMaxAnswer) return std::nullopt;
    in.remove_prefix(line + 2);
    if (size == 0) {
      // Trailers end with an empty line.
      *complete = in.substr(0, 2) == "\r\n" || in.find("\r\n\r\n") != std::string_view::npos;
      return out;
    }
    if (in.size() < size + 2) return out;
    out.append(in.substr(0, size));
    in.remove_prefix(size + 2);
  }
}

Parsed parse_answer(std::string_view in) {
  Parsed out;
  const std::size_t head_end = in.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return out;
  std::string_view head = in.substr(0, head_end);
  const std::string_view body = in.substr(head_end + 4);
  if (head.size() < 12 || head.substr(0, 7) != "HTTP/1.") return broken();
  const auto status = std::from_chars(head.data() + 9, head.data() + 12, out.status);
  if (status.ec != std::errc{}) return broken();
  std::optional<std::size_t> length;
  bool chunked = false;
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n")) {
    head.remove_prefix(at + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return broken();
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_word(name, "content-length")) {
      std::size_t number = 0;
      const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
      if (parsed.ec != std::errc{} || number > kMaxAnswer) return broken();
      length = number;
    } else if (same_word(name, "transfer-encoding")) {
      chunked = same_word(value, "chunked");
    } else if (same_word(name, "connection") && same_word(value, "close")) {
      out.keep = false;
    }
  }
  bool complete = false;
  if (chunked) {
    auto joined = unchunked(body, &complete);
    if (!joined) return broken();
    out.body = std::move(*joined);
  } else if (length) {
    complete = body.size() >= *length;
    out.body = std::string(body.substr(0, *length));
  } else {
    out.until_end = true;
    out.keep = false;
    out.body = std::string(body);
  }
  if (complete) out.state = Parsed::State::complete;
  return out;
}

HttpAnswer failed(HttpEnd end, std::string text) {
  return {end, 0, "", std::move(text)};
}

HttpAnswer went_well() {
  HttpAnswer out;
  out.end = HttpEnd::answered;
  return out;
}

}  // namespace

HttpConnection::HttpConnection(IpPort server, Ipv4 source) : server_(server), source_(source) {}

// A kept connection on which something is to be read between two requests was closed or broken by the other side.
bool HttpConnection::usable() const {
  if (!fd_) return false;
  pollfd p{fd_.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&p, 1, 0) == 0;
}

HttpAnswer HttpConnection::connect(Nanos deadline) {
  fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return failed(HttpEnd::not_sent, "no socket: " + words(errno));
  const int one = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (source_ != 0) {
    // The port is chosen at connect, so that a port may serve several servers.
    ::setsockopt(fd_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    const sockaddr_in from = address_of(source_, 0);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
      return failed(HttpEnd::not_sent,
                    "cannot use the address " + to_string(source_) + ": " + words(errno));
    }
  }
  const sockaddr_in to = address_of(server_.ip, server_.port);
  int err = 0;
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    err = errno;
    if (err == EINPROGRESS) {
      if (!wait_for(fd_.get(), POLLOUT, deadline)) {
        return failed(HttpEnd::not_sent, "no connection in time");
      }
      socklen_t size = sizeof err;
      ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &err, &size);
    }
  }
  if (err == 0) return went_well();
  const bool refused = err == ECONNREFUSED || err == ECONNRESET;
  return failed(refused ? HttpEnd::refused : HttpEnd::not_sent, "connecting: " + words(err));
}

HttpAnswer HttpConnection::send_all(std::string_view bytes, Nanos deadline) {
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
      return failed(sent ? HttpEnd::reset : HttpEnd::not_sent, "sending: " + words(errno));
    }
    if (!wait_for(fd_.get(), POLLOUT, deadline)) {
      return failed(sent ? HttpEnd::timeout : HttpEnd::not_sent,
                    "the request did not go out in time");
    }
  }
  return went_well();
}

HttpAnswer HttpConnection::receive(Nanos deadline) {
  std::string in;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return failed(HttpEnd::reset, "receiving: " + words(errno));
      if (!wait_for(fd_.get(), POLLIN, deadline))
        return failed(HttpEnd::timeout, "no answer in time");
      continue;
    }
    in.append(buffer, static_cast<std::size_t>(n));
    Parsed parsed = parse_answer(in);
    if (n == 0 && parsed.until_end) parsed.state = Parsed::State::complete;
    if (parsed.state == Parsed::State::complete) {
      if (!parsed.keep) fd_.reset();
      return {HttpEnd::answered, parsed.status, std::move(parsed.body), ""};
    }
    if (n == 0) return failed(HttpEnd::reset, "the connection was closed before the answer");
    if (parsed.state == Parsed::State::broken || in.size() > kMaxAnswer) {
      return failed(HttpEnd::reset, "the answer is not HTTP");
    }
  }
}

HttpAnswer HttpConnection::post(std::string_view path, std::string_view body, Nanos timeout) {
  const Nanos deadline = monotonic_clock().now() + timeout;
  HttpAnswer step = went_well();
  if (!usable()) step = connect(deadline);
  if (step.end == HttpEnd::answered) {
    std::string request = "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + to_string(server_);
    request +=
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
    request += "\r\n\r\n" + std::string(body);
    step = send_all(request, deadline);
  }
  if (step.end == HttpEnd::answered) step = receive(deadline);
  if (step.end != HttpEnd::answered)
    fd_.reset();  // an answer that comes later must not meet another request
  return step;
}

}  // namespace sunder::harness
