// Rig: see rig.hpp.
#include "tests/proxy/rig.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "proxy/registry.hpp"
#include "tests/support/catch.hpp"

namespace sunder::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

UniqueFd listen_on_loopback() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(fd.valid());
  const sockaddr_in address = loopback(0);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd.get(), 1024) == 0);
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(fd.valid());
  const sockaddr_in address = loopback(port);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

bool readable_within(int fd, Nanos patience) {
  pollfd want{fd, POLLIN, 0};
  return ::poll(&want, 1, static_cast<int>(patience / kMillisecond)) == 1;
}

UniqueFd accept_on(int listener, Nanos patience) {
  if (!readable_within(listener, patience)) return UniqueFd();
  return UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}

bool send_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

Received receive(int fd, std::size_t count, Nanos patience) {
  Received got;
  std::array<char, 65536> buffer;
  while (got.bytes.size() < count) {
    if (!readable_within(fd, patience)) {
      got.error = EAGAIN;
      return got;
    }
    const std::size_t most = std::min(buffer.size(), count - got.bytes.size());
    const ssize_t n = ::recv(fd, buffer.data(), most, 0);
    if (n < 0) got.error = errno;
    if (n == 0) got.eof = true;
    if (n <= 0) return got;
    got.bytes.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return got;
}

Received receive_all(int fd, Nanos patience) {
  return receive(fd, std::size_t{1} << 40, patience);
}

void reset(UniqueFd& fd) {
  const linger value{.l_onoff = 1, .l_linger = 0};
  REQUIRE(::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &value, sizeof value) == 0);
  fd.reset();
}

void nap() {
  ::poll(nullptr, 0, 2);
}

Rig::Rig(std::vector<PairId> pairs, proxy::ProxyOptions options, NodeId nodes) {
  std::vector<Node> made(nodes);
  for (NodeId i = 0; i < nodes; ++i) made[i].name = "n" + std::to_string(i);
  options.topology = Topology(std::move(made));
  for (const PairId pair : pairs) {
    Door door;
    door.server = listen_on_loopback();
    proxy::ListenerSpec spec;
    spec.fd = listen_on_loopback();
    spec.source = pair.from;
    spec.destination = pair.to;
    spec.upstream = {INADDR_LOOPBACK, port_of(door.server.get())};
    door.port = port_of(spec.fd.get());
    options.listeners.push_back(std::move(spec));
    doors_[pair] = std::move(door);
  }
  auto started = proxy::Proxy::start(std::move(options));
  REQUIRE(started.ok());
  proxy_ = std::move(*started);
}

Link Rig::link(PairId pair) {
  const std::uint64_t open_before = stats(pair).connections_open;
  Link made;
  made.client = connect_to(port(pair));
  made.server = accept_on(server(pair));
  REQUIRE(made.server.valid());
  // The kernel knew of the connection before the proxy does.
  REQUIRE(eventually([&] { return stats(pair).connections_open > open_before; }));
  return made;
}

proxy::Rule Rig::cut(CutKind kind, std::vector<PairId> pairs) {
  proxy::Rule rule;
  rule.id = next_rule_++;
  rule.name = "r" + std::to_string(rule.id);
  rule.cut = kind;
  rule.pairs = std::move(pairs);
  return rule;
}

proxy::Rule Rig::fault(const char* kind, std::map<std::string, std::string> params,
                       std::vector<PairId> pairs) {
  proxy::Rule rule;
  rule.id = next_rule_++;
  rule.name = "r" + std::to_string(rule.id);
  rule.kind = proxy::find_fault_kind(kind);
  REQUIRE(rule.kind != nullptr);
  rule.params = std::move(params);
  rule.pairs = std::move(pairs);
  return rule;
}

proxy::ApplyReport Rig::apply(std::vector<proxy::Rule> rules) {
  auto set = std::make_shared<proxy::FaultSet>();
  set->epoch = ++epoch_;
  set->rules = std::move(rules);
  return proxy_->apply(std::move(set));
}

proxy::PairStats Rig::stats(PairId pair) {
  for (const proxy::PairStats& stats : proxy_->snapshot().pairs) {
    if (stats.pair == pair) return stats;
  }
  return {};
}

}  // namespace sunder::test
