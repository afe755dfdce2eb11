// Hold of new connections where a pair has its own listener: SYNs stay unanswered, and the clients'
// own retries bring them in after the heal. Real sockets on loopback.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "proxy/sockets.hpp"
#include "tests/proxy/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;
using namespace sunder::test;

namespace {

constexpr Nanos kNotYet = 150 * kMillisecond;  ///< a connect() on loopback takes microseconds

/// A connect() that has been begun.
UniqueFd begin_connect(std::uint16_t port) {
  UniqueFd fd = open_stream_socket(AF_INET);
  const int error = start_connect(fd.get(), Address(IpPort{INADDR_LOOPBACK, port}));
  REQUIRE((error == 0 || error == EINPROGRESS));
  return fd;
}

bool connected_within(int fd, Nanos patience) {
  pollfd waits{fd, POLLOUT, 0};
  return ::poll(&waits, 1, static_cast<int>(patience / kMillisecond)) == 1 &&
         (waits.revents & (POLLERR | POLLHUP)) == 0;
}

void make_blocking(int fd) {
  REQUIRE(::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0);
}

void check_flows(const UniqueFd& client, int server_socket) {
  const UniqueFd server = accept_on(server_socket);
  REQUIRE(server.valid());
  make_blocking(client.get());
  REQUIRE(send_text(client.get(), "ping"));
  CHECK(receive(server.get(), 4).bytes == "ping");
  REQUIRE(send_text(server.get(), "pong"));
  CHECK(receive(client.get(), 4).bytes == "pong");
}

}  // namespace

TEST_CASE("under hold connect() does not finish, after the heal it does, and bytes flow",
          "[hold]") {
  ProxyOptions options;
  options.threads = GENERATE(1U, 3U);
  CAPTURE(options.threads);
  Rig rig({k01, k02}, std::move(options));
  Link before = rig.link(k01);
  // Either direction will do: no handshake can be done one way.
  const Rule hold = rig.cut(CutKind::hold, {GENERATE(k01, k10)});
  rig.apply({hold});
  const UniqueFd first = begin_connect(rig.port(k01));
  const UniqueFd second = begin_connect(rig.port(k01));
  const UniqueFd elsewhere = begin_connect(rig.port(k02));
  CHECK(connected_within(elsewhere.get(), kSecond));
  check_flows(elsewhere, rig.server(k02));
  CHECK_FALSE(connected_within(first.get(), kNotYet));
  CHECK_FALSE(connected_within(second.get(), 0));
  CHECK_FALSE(readable_within(rig.server(k01), 0));
  CHECK(rig.proxy().touched().at(hold.id).attempts >= 2);

  const Touched touched = rig.apply({}).removed.at(hold.id);
  CHECK(touched.attempts >= 2);
  CHECK_FALSE(touched.vacuous());
  // The kernel of the client tries again after 1 s at first.
  CHECK(connected_within(first.get(), 5 * kSecond));
  CHECK(connected_within(second.get(), 5 * kSecond));
  const UniqueFd one = accept_on(rig.server(k01));  // either may have come first
  const UniqueFd other = accept_on(rig.server(k01));
  REQUIRE(other.valid());
  REQUIRE(send_text(first.get(), "1"));
  REQUIRE(send_text(second.get(), "2"));
  const std::string got = receive(one.get(), 1).bytes + receive(other.get(), 1).bytes;
  CHECK((got == "12" || got == "21"));
  CHECK(rig.stats(k01).connections_total == 3);  // our own fillers are nobody's connections
}

TEST_CASE("a hold comes and goes many times, nobody of the fillers stays", "[hold]") {
  Rig rig({k01});
  for (int i = 0; i < 30; ++i) {
    CAPTURE(i);
    const Rule hold = rig.cut(CutKind::hold, {k01});
    rig.apply({hold});
    const UniqueFd held = begin_connect(rig.port(k01));
    CHECK_FALSE(connected_within(held.get(), 2 * kMillisecond));
    CHECK(rig.apply({}).removed.at(hold.id).attempts >= 1);
    const UniqueFd free = begin_connect(rig.port(k01));
    CHECK(connected_within(free.get(), 5 * kSecond));
    check_flows(free, rig.server(k01));
  }
  CHECK(rig.stats(k01).connections_total == 30);
  CHECK(eventually([&] { return rig.stats(k01).connections_open == 0; }));
}

TEST_CASE("two holds on a pair: both count, and it opens when the last goes", "[hold]") {
  Rig rig({k01});
  const Rule one = rig.cut(CutKind::hold, {k01});
  const Rule two = rig.cut(CutKind::hold, {k10});
  rig.apply({one, two});
  const UniqueFd client = begin_connect(rig.port(k01));
  CHECK_FALSE(connected_within(client.get(), kNotYet));
  CHECK(rig.apply({two}).removed.at(one.id).attempts >= 1);
  CHECK_FALSE(connected_within(client.get(), kNotYet));
  CHECK(rig.apply({}).removed.at(two.id).attempts >= 1);
  CHECK(connected_within(client.get(), 5 * kSecond));
  check_flows(client, rig.server(k01));
}

TEST_CASE("a listener that is made under a hold answers nobody", "[hold]") {
  Rig rig({k02});
  const Rule hold = rig.cut(CutKind::hold, {k01});
  rig.apply({hold});
  const UniqueFd server = listen_on_loopback();
  ListenerSpec spec;
  spec.fd = listen_on_loopback();
  const std::uint16_t port = port_of(spec.fd.get());
  spec.source = k01.from;
  spec.destination = k01.to;
  spec.upstream = {INADDR_LOOPBACK, port_of(server.get())};
  const auto id = rig.proxy().listen(std::move(spec));
  REQUIRE(id.ok());
  const UniqueFd client = begin_connect(port);
  CHECK_FALSE(connected_within(client.get(), kNotYet));

  SECTION("and it can end so") {
    rig.proxy().unlisten(*id, true);
    const UniqueFd late = open_stream_socket(AF_INET);
    CHECK(start_connect(late.get(), Address(IpPort{INADDR_LOOPBACK, port})) == ECONNREFUSED);
  }
  SECTION("or be healed") {
    rig.apply({});
    CHECK(connected_within(client.get(), 5 * kSecond));
    check_flows(client, server.get());
  }
}

TEST_CASE("where a listener serves every source a hold is refused, and the other way round",
          "[hold]") {
  Rig rig({k01});
  ListenerSpec spec;
  spec.fd = listen_on_loopback();
  spec.destination = 2;
  spec.upstream = {INADDR_LOOPBACK, 9};
  SECTION("the listener came first") {
    const auto id = rig.proxy().listen(std::move(spec));
    REQUIRE(id.ok());
    CHECK(rig.proxy().can_hold(k01).ok());
    for (const PairId pair : {k02, PairId{2, 0}, PairId{1, 2}}) {
      const Status can = rig.proxy().can_hold(pair);
      REQUIRE_FALSE(can.ok());
      CHECK(can.error().code == ErrorCode::unsupported);
      CHECK(can.error().message.find("listener of its own") != std::string::npos);
    }
    rig.proxy().unlisten(*id, true);
    CHECK(rig.proxy().can_hold(k02).ok());
  }
  SECTION("the hold came first") {
    const Rule hold = rig.cut(CutKind::hold, {k02});
    rig.apply({hold});
    const auto id = rig.proxy().listen(std::move(spec));
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().code == ErrorCode::unsupported);
    CHECK(id.error().message.find(hold.name) != std::string::npos);
  }
}
