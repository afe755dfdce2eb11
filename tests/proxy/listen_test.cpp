// Listeners that come and go at run time, and how the proxy reaches a server: real sockets on loopback.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "tests/proxy/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::test;

namespace {

std::unique_ptr<proxy::Proxy> start_proxy(unsigned threads = 1) {
  proxy::ProxyOptions options;
  std::vector<Node> nodes(2);
  nodes[0].name = "client";
  nodes[1].name = "server";
  options.topology = Topology(std::move(nodes));
  options.threads = threads;
  auto started = proxy::Proxy::start(std::move(options));
  REQUIRE(started.ok());
  return std::move(*started);
}

struct Door {
  proxy::ListenerId id = 0;
  std::uint16_t port = 0;
};

Door open_door(proxy::Proxy& proxy, const std::string& host, std::uint16_t port,
               Nanos patience = 5 * kSecond, PairId pair = k01) {
  proxy::ListenerSpec spec;
  spec.fd = listen_on_loopback();
  Door door;
  door.port = port_of(spec.fd.get());
  spec.source = pair.from;
  spec.destination = pair.to;
  spec.to.host = host;
  spec.to.port = port;
  spec.dial_timeout = patience;
  auto id = proxy.listen(std::move(spec));
  REQUIRE(id.ok());
  door.id = *id;
  return door;
}

std::uint64_t open_now(proxy::Proxy& proxy, PairId pair = k01) {
  for (const auto& stats : proxy.snapshot().pairs) {
    if (stats.pair == pair) return stats.connections_open;
  }
  return 0;
}

bool refused_at(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(fd.get(), where, sizeof address) != 0 && errno == ECONNREFUSED;
}

/// Sends a word through and back.
void check_echo(int client, int server) {
  REQUIRE(send_text(client, "ping"));
  CHECK(receive(server, 4).bytes == "ping");
  REQUIRE(send_text(server, "pong"));
  CHECK(receive(client, 4).bytes == "pong");
}

}  // namespace

TEST_CASE("a listener made at run time carries bytes, and ends with its connections", "[listen]") {
  const auto proxy = start_proxy(2);
  UniqueFd server = listen_on_loopback();
  const Door door = open_door(*proxy, "127.0.0.1", port_of(server.get()));
  UniqueFd client = connect_to(door.port);
  UniqueFd there = accept_on(server.get());
  REQUIRE(there.valid());
  check_echo(client.get(), there.get());

  SECTION("with its connections") {
    proxy->unlisten(door.id, true);
    CHECK(refused_at(door.port));
    CHECK(receive_all(client.get()).eof);
    CHECK(receive_all(there.get()).eof);
    CHECK(open_now(*proxy) == 0);
  }
  SECTION("without them") {
    proxy->unlisten(door.id, false);
    CHECK(refused_at(door.port));
    check_echo(client.get(), there.get());
  }
  SECTION("an unknown one") {
    proxy->unlisten(door.id + 1, true);
    check_echo(client.get(), there.get());
  }
}

TEST_CASE("a listener that ends resets a connection whose bytes still wait", "[listen]") {
  Rig rig({{0, 2}});
  UniqueFd server = listen_on_loopback();
  const Door door = open_door(rig.proxy(), "127.0.0.1", port_of(server.get()));
  UniqueFd client = connect_to(door.port);
  UniqueFd there = accept_on(server.get());
  check_echo(client.get(), there.get());
  rig.apply({rig.fault("rate", {{"rate", "0"}}, {{1, 0}})});
  REQUIRE(send_text(there.get(), "more"));
  REQUIRE(eventually([&] { return rig.stats({1, 0}).bytes_held == 4; }));
  rig.proxy().unlisten(door.id, true);
  CHECK(receive_all(client.get()).error == ECONNRESET);
  CHECK(receive_all(there.get()).error == ECONNRESET);
}

TEST_CASE("no listener opens on a proxy that has stopped", "[listen]") {
  const auto proxy = start_proxy();
  proxy->stop();
  proxy::ListenerSpec spec;
  spec.fd = listen_on_loopback();
  const auto id = proxy->listen(std::move(spec));
  REQUIRE_FALSE(id.ok());
  CHECK(id.error().code == ErrorCode::unavailable);
}

TEST_CASE("listeners come and go while others carry bytes and clients keep coming", "[listen]") {
  const auto proxy = start_proxy(2);
  UniqueFd server = listen_on_loopback();
  const Door steady = open_door(*proxy, "127.0.0.1", port_of(server.get()), 5 * kSecond, {1, 0});
  UniqueFd client = connect_to(steady.port);
  UniqueFd there = accept_on(server.get());
  UniqueFd target = listen_on_loopback();
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const Door door = open_door(*proxy, "127.0.0.1", port_of(target.get()));
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 16; ++i) clients.push_back(connect_to(door.port));
    proxy->unlisten(door.id, true);
    CHECK(open_now(*proxy) == 1);          // what the steady one sends back
    for (const UniqueFd& one : clients) {  // nobody is left waiting
      const Received got = receive_all(one.get());
      CHECK((got.eof || got.error == ECONNRESET));
    }
    check_echo(client.get(), there.get());
  }
}

TEST_CASE("every loop gets its share of the connections", "[listen]") {
  const auto proxy = start_proxy(4);
  UniqueFd server = listen_on_loopback();
  const Door door = open_door(*proxy, "127.0.0.1", port_of(server.get()));
  std::vector<Link> links;
  for (int i = 0; i < 64; ++i) {
    Link link;
    link.client = connect_to(door.port);
    link.server = accept_on(server.get());
    REQUIRE(link.server.valid());
    links.push_back(std::move(link));
  }
  REQUIRE(eventually([&] { return open_now(*proxy) == 64; }));
  const auto loads = proxy->snapshot().connections_by_loop;
  REQUIRE(loads.size() == 4);
  for (const std::size_t load : loads) {
    CHECK(load >= 14);
    CHECK(load <= 18);
  }
  for (const Link& link : links) check_echo(link.client.get(), link.server.get());
}

TEST_CASE("an upstream is a name, or an address of either family", "[listen]") {
  const auto proxy = start_proxy();
  SECTION("a name") {
    UniqueFd server = listen_on_loopback();
    const Door door = open_door(*proxy, "localhost", port_of(server.get()));
    UniqueFd client = connect_to(door.port);
    UniqueFd there = accept_on(server.get());
    REQUIRE(there.valid());
    check_echo(client.get(), there.get());
  }
  SECTION("IPv6") {
    UniqueFd server(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    if (!server || ::bind(server.get(), where, size) != 0) {
      WARN("skipped: this machine has no IPv6 loopback");
      return;
    }
    REQUIRE(::listen(server.get(), 16) == 0);
    REQUIRE(::getsockname(server.get(), where, &size) == 0);
    const Door door = open_door(*proxy, "::1", ntohs(address.sin6_port));
    UniqueFd client = connect_to(door.port);
    UniqueFd there = accept_on(server.get());
    REQUIRE(there.valid());
    check_echo(client.get(), there.get());
  }
  SECTION("a name that nobody has is a refusal") {
    const Door door = open_door(*proxy, "no-such-host.invalid", 1);
    UniqueFd client = connect_to(door.port);
    CHECK(receive_all(client.get()).error == ECONNRESET);
  }
}

TEST_CASE("a server that never answers is refused after the patience, alone", "[listen]") {
  const auto proxy = start_proxy();
  // A full accept queue: the kernel leaves every SYN unanswered.
  UniqueFd hole = listen_on_loopback();
  REQUIRE(::listen(hole.get(), 0) == 0);
  const std::uint16_t hole_port = port_of(hole.get());
  UniqueFd filler = connect_to(hole_port);
  const Door blocked = open_door(*proxy, "127.0.0.1", hole_port, 300 * kMillisecond);
  UniqueFd server = listen_on_loopback();
  const Door good = open_door(*proxy, "127.0.0.1", port_of(server.get()), 5 * kSecond, {1, 0});

  const Nanos begin = monotonic_clock().now();
  UniqueFd waiting = connect_to(blocked.port);
  UniqueFd client = connect_to(good.port);
  UniqueFd there = accept_on(server.get());
  REQUIRE(there.valid());
  check_echo(client.get(), there.get());
  CHECK(receive_all(waiting.get()).error == ECONNRESET);
  const Nanos took = monotonic_clock().now() - begin;
  CHECK(took >= 300 * kMillisecond);
  CHECK(took < 5 * kSecond);
  check_echo(client.get(), there.get());
}

TEST_CASE("nodes that come at run time are known to every loop", "[listen]") {
  const auto proxy = start_proxy(2);
  std::vector<Node> nodes(3);
  nodes[0].name = "client";
  nodes[1].name = "server";
  nodes[2].name = "late";
  auto set = std::make_shared<proxy::FaultSet>();
  set->epoch = 1;
  set->topology = std::make_shared<const Topology>(std::move(nodes));
  proxy->apply(set);
  UniqueFd server = listen_on_loopback();
  const Door door = open_door(*proxy, "127.0.0.1", port_of(server.get()), 5 * kSecond, {0, 2});
  UniqueFd client = connect_to(door.port);
  UniqueFd there = accept_on(server.get());
  REQUIRE(there.valid());
  check_echo(client.get(), there.get());
  CHECK(open_now(*proxy, {0, 2}) == 1);
}

TEST_CASE("more connections than the most wait, and come in when others go", "[listen]") {
  proxy::ProxyOptions options;
  options.connections_max = 2;
  Rig rig({{0, 1}}, std::move(options));
  Link first = rig.link({0, 1});
  Link second = rig.link({0, 1});
  UniqueFd third = connect_to(rig.port({0, 1}));
  CHECK_FALSE(accept_on(rig.server({0, 1}), 200 * kMillisecond).valid());
  first.client.reset();
  first.server.reset();
  UniqueFd there = accept_on(rig.server({0, 1}));
  REQUIRE(there.valid());
  check_echo(third.get(), there.get());
}

TEST_CASE("a listener with its most connections keeps more waiting, and no other one", "[listen]") {
  const auto proxy = start_proxy(2);
  UniqueFd server = listen_on_loopback();
  proxy::ListenerSpec spec;
  spec.fd = listen_on_loopback();
  const std::uint16_t port = port_of(spec.fd.get());
  spec.source = k01.from;
  spec.destination = k01.to;
  spec.to = {"127.0.0.1", port_of(server.get())};
  spec.connections_max = 2;
  REQUIRE(proxy->listen(std::move(spec)).ok());
  const Door other = open_door(*proxy, "127.0.0.1", port_of(server.get()));
  std::vector<UniqueFd> clients;
  std::vector<UniqueFd> there;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(connect_to(port));
    there.push_back(accept_on(server.get()));
    REQUIRE(there.back().valid());
  }
  UniqueFd third = connect_to(port);
  CHECK_FALSE(accept_on(server.get(), 200 * kMillisecond).valid());
  UniqueFd elsewhere = connect_to(other.port);
  UniqueFd at_server = accept_on(server.get());
  REQUIRE(at_server.valid());
  check_echo(elsewhere.get(), at_server.get());
  clients.clear();
  there.clear();
  UniqueFd late = accept_on(server.get());
  REQUIRE(late.valid());
  check_echo(third.get(), late.get());
}
