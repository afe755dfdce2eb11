// SockDiag: see sock_diag.hpp. Tested by tests/proxy/identify_test.cpp.
#include "proxy/identify/sock_diag.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace sunder::proxy {
namespace {

constexpr std::size_t kAnswerBytes = std::size_t{64} << 10;
constexpr std::uint32_t kConnected =
    1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT;
constexpr std::uint32_t kListening = 1U << TCP_LISTEN;

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

void put(const Address& address, __be32* where, __be16& port) {
  port = htons(address.port());
  if (address.ipv6()) {
    std::memcpy(where, &reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr, 16);
  } else {
    std::memcpy(where, &reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr, 4);
  }
}

Address address_of(unsigned char family, const __be32* where, __be16 port) {
  if (family == AF_INET6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port;
    std::memcpy(&v6.sin6_addr, where, sizeof v6.sin6_addr);
    return {reinterpret_cast<const sockaddr*>(&v6), sizeof v6};
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = port;
  std::memcpy(&v4.sin_addr, where, sizeof v4.sin_addr);
  return {reinterpret_cast<const sockaddr*>(&v4), sizeof v4};
}

SocketLine line_of(const inet_diag_msg& message) {
  SocketLine out;
  const auto& id = message.id;
  out.own = address_of(message.idiag_family, id.idiag_src, id.idiag_sport);
  out.peer = address_of(message.idiag_family, id.idiag_dst, id.idiag_dport);
  out.inode = message.idiag_inode;
  out.listening = message.idiag_state == TCP_LISTEN;
  return out;
}

}  // namespace

Result<SockDiag> SockDiag::open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd) return errno_error("cannot ask the kernel for its sockets", errno);
  const timeval patience{.tv_sec = 1, .tv_usec = 0};  // the kernel answers at once, or never
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return SockDiag(std::move(fd));
}

Result<std::uint32_t> SockDiag::inode_of(const Address& own, const Address& peer) {
  if (own.size == 0 || peer.size == 0 || own.ipv6() != peer.ipv6()) return std::uint32_t{0};
  const unsigned char family = own.ipv6() ? AF_INET6 : AF_INET;
  SUNDER_TRY(send(family, NLM_F_REQUEST, ~0U, &own, &peer));
  std::vector<SocketLine> lines;
  SUNDER_TRY(receive(lines, false));
  return lines.empty() ? std::uint32_t{0} : lines.front().inode;
}

Result<std::vector<SocketLine>> SockDiag::dump() {
  std::vector<SocketLine> lines;
  for (const int family : {AF_INET, AF_INET6}) {
    SUNDER_TRY(send(static_cast<unsigned char>(family), NLM_F_REQUEST | NLM_F_DUMP,
                    kConnected | kListening, nullptr, nullptr));
    SUNDER_TRY(receive(lines, true));
  }
  return lines;
}

Status SockDiag::send(unsigned char family, std::uint16_t flags, std::uint32_t states,
                      const Address* own, const Address* peer) {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = flags;
  request.header.nlmsg_seq = ++sequence_;
  request.body.sdiag_family = family;
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = states;
  auto& id = request.body.id;
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (own != nullptr) put(*own, id.idiag_src, id.idiag_sport);
  if (peer != nullptr) put(*peer, id.idiag_dst, id.idiag_dport);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto* to = reinterpret_cast<const sockaddr*>(&kernel);
  if (::sendto(fd_.get(), &request, sizeof request, 0, to, sizeof kernel) < 0) {
    return errno_error("cannot ask the kernel for its sockets", errno);
  }
  return {};
}

Status SockDiag::receive(std::vector<SocketLine>& out, bool whole) {
  alignas(nlmsghdr) static thread_local std::array<char, kAnswerBytes> buffer;
  while (true) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_error("the kernel does not tell its sockets", got < 0 ? errno : EIO);
    auto left = static_cast<std::size_t>(got);
    const char* at = buffer.data();
    while (left >= sizeof(nlmsghdr)) {
      nlmsghdr header;
      std::memcpy(&header, at, sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > left) break;
      const char* body = at + NLMSG_HDRLEN;
      const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), left);
      at += step;
      left -= step;
      if (header.nlmsg_seq != sequence_) continue;  // of a question that ran out of patience
      if (header.nlmsg_type == NLMSG_DONE) return {};
      if (header.nlmsg_type == NLMSG_ERROR) {
        int error = 0;
        std::memcpy(&error, body, sizeof error);
        if (!whole && error == -ENOENT) return {};  // no such socket
        return errno_error("the kernel does not tell its sockets", -error);
      }
      if (header.nlmsg_len < NLMSG_HDRLEN + sizeof(inet_diag_msg)) continue;
      inet_diag_msg message;
      std::memcpy(&message, body, sizeof message);
      if (out.size() < kLinesMax) out.push_back(line_of(message));
      if (!whole) return {};
    }
  }
}

}  // namespace sunder::proxy
