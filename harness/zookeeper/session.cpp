// See session.hpp. The socket never blocks; every wait is a poll() up to the deadline.
#include "harness/zookeeper/session.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sunder::harness::zookeeper {
namespace {

constexpr std::size_t kLongestFrame = std::size_t{1}
                                      << 20U;  // ZooKeeper's own limit, jute.maxbuffer
constexpr std::size_t kPasswordBytes = 16;
constexpr std::int32_t kNotification = -1;
constexpr std::int32_t kPong = -2;

std::string words(int err) {
  return std::generic_category().message(err);
}

Answer failed(End end, std::string text) {
  return {end, kOk, "", std::move(text)};
}

Answer well(std::string body = {}) {
  return {End::answered, kOk, std::move(body), ""};
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

// `answered` when all went out.
Answer send_all(int fd, std::string_view bytes, Nanos deadline) {
  bool sent = false;
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      sent = true;
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      return failed(sent ? End::reset : End::not_sent, "sending: " + words(errno));
    }
    if (!wait_for(fd, POLLOUT, deadline)) {
      return failed(sent ? End::timeout : End::not_sent, "the request did not go out in time");
    }
  }
  return well();
}

// What is there, appended to `in`. `answered`: something came. The end of the connection is a reset.
Answer receive_some(int fd, std::string* in, Nanos deadline) {
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n > 0) {
      in->append(buffer, static_cast<std::size_t>(n));
      return well();
    }
    if (n == 0) return failed(End::reset, "the connection was closed before the answer");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failed(End::reset, "receiving: " + words(errno));
    if (!wait_for(fd, POLLIN, deadline)) return failed(End::timeout, "no answer in time");
  }
}

}  // namespace

Session::Session(IpPort node, Ipv4 source, Nanos life)
    : node_(node), source_(source), life_(life), password_(kPasswordBytes, '\0') {}

Answer Session::dial(Nanos deadline, UniqueFd* fd) const {
  fd->reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!*fd) return failed(End::not_sent, "no socket: " + words(errno));
  const int one = 1;
  ::setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (source_ != 0) {
    ::setsockopt(fd->get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    const sockaddr_in from = address_of(source_, 0);
    if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
      return failed(End::not_sent,
                    "cannot use the address " + to_string(source_) + ": " + words(errno));
    }
  }
  const sockaddr_in to = address_of(node_.ip, node_.port);
  int err = 0;
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    err = errno;
    if (err == EINPROGRESS) {
      if (!wait_for(fd->get(), POLLOUT, deadline)) {
        return failed(End::not_sent, "no connection in time");
      }
      socklen_t size = sizeof err;
      ::getsockopt(fd->get(), SOL_SOCKET, SO_ERROR, &err, &size);
    }
  }
  if (err == 0) return well();
  const bool refused = err == ECONNREFUSED || err == ECONNRESET;
  return failed(refused ? End::refused : End::not_sent, "connecting: " + words(err));
}

// One frame of arrived_, without its length.
Answer Session::receive(Nanos deadline) {
  for (;;) {
    Reader in(arrived_);
    const std::int32_t size = in.number();
    if (in.ok() && (size < 0 || static_cast<std::size_t>(size) > kLongestFrame)) {
      return failed(End::reset, "the answer is not ZooKeeper's");
    }
    if (in.ok() && in.rest().size() >= static_cast<std::size_t>(size)) {
      std::string frame(in.rest().substr(0, static_cast<std::size_t>(size)));
      arrived_.erase(0, 4 + frame.size());
      return well(std::move(frame));
    }
    Answer some = receive_some(fd_.get(), &arrived_, deadline);
    if (some.end != End::answered) return some;
  }
}

// Nothing of an operation is sent before it has ended, so that its failures are `refused` and `not_sent`.
Answer Session::handshake(Nanos deadline) {
  Writer hello;
  hello.number(0).number64(seen_).number(static_cast<std::int32_t>(life_ / kMillisecond));
  hello.number64(id_).text(password_).flag(false);
  Answer step = send_all(fd_.get(), framed(hello.bytes()), deadline);
  if (step.end == End::answered) step = receive(deadline);
  if (step.end == End::reset) {
    return failed(End::refused, "the node takes no session: it has no majority, or is behind");
  }
  if (step.end != End::answered) return failed(End::not_sent, "no session in time");
  Reader in(step.body);
  in.number();  // version
  const std::int32_t life = in.number();
  const std::int64_t id = in.number64();
  const std::string password = in.text();
  if (!in.ok()) return failed(End::refused, "the node's hello is not ZooKeeper's");
  const bool expired = life <= 0;
  id_ = expired ? 0 : id;
  password_ = expired ? std::string(kPasswordBytes, '\0') : password;
  return expired ? Answer{End::answered, kSessionExpired, "", ""} : well();
}

Answer Session::connect(Nanos deadline) {
  if (fd_) {
    // Nobody speaks between two requests but who ends the connection.
    pollfd p{fd_.get(), POLLIN | POLLRDHUP, 0};
    if (::poll(&p, 1, 0) == 0) return well();
  }
  // Twice: the second time with a new session, where the node no longer knows the one we had.
  for (int attempt = 0; attempt < 2; ++attempt) {
    arrived_.clear();
    Answer step = dial(deadline, &fd_);
    if (step.end == End::answered) step = handshake(deadline);
    if (step.end == End::answered && step.error == kOk) return step;
    fd_.reset();
    if (step.end != End::answered) return step;
  }
  return failed(End::refused, "the node gives no session");
}

Answer Session::exchange(Call call, const std::string& body, Nanos deadline) {
  Answer step = connect(deadline);
  if (step.end != End::answered) return step;
  const std::int32_t xid = xid_ = xid_ == INT32_MAX ? 1 : xid_ + 1;
  Writer request;
  request.number(xid).number(static_cast<std::int32_t>(call));
  step = send_all(fd_.get(), framed(request.bytes() + body), deadline);
  while (step.end == End::answered) {
    step = receive(deadline);
    if (step.end != End::answered) break;
    Reader in(step.body);
    const std::int32_t of = in.number();
    const std::int64_t zxid = in.number64();
    const std::int32_t error = in.number();
    if (in.ok() && (of == kNotification || of == kPong)) continue;
    if (!in.ok() || of != xid) {
      step = failed(End::reset, "the answer belongs to no request");
      break;
    }
    seen_ = std::max(seen_, zxid);
    if (error == kSessionExpired) {
      id_ = 0;
      password_.assign(kPasswordBytes, '\0');
      fd_.reset();
    }
    return {End::answered, error, std::string(in.rest()), ""};
  }
  fd_.reset();  // an answer that comes later must not meet another request
  return step;
}

Answer Session::word(const std::string& word, Nanos deadline) {
  UniqueFd fd;
  Answer step = dial(deadline, &fd);
  if (step.end == End::answered) step = send_all(fd.get(), word, deadline);
  std::string in;
  while (step.end == End::answered && in.size() < kLongestFrame) {
    step = receive_some(fd.get(), &in, deadline);
  }
  // The node ends the connection after its answer.
  if (step.end == End::reset && !in.empty()) return well(std::move(in));
  return step;
}

}  // namespace sunder::harness::zookeeper
