// Cuts and the delay fault on real connections: what each does to bytes, to connections and to its
// tally.
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "tests/proxy/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;
using namespace sunder::test;

namespace {

constexpr Nanos kSoon = 60 * kMillisecond;  ///< long enough to see that nothing comes

Nanos now() {
  return monotonic_clock().now();
}

}  // namespace

TEST_CASE("hold stops one direction, whoever dialled, release sends all in order", "[cuts]") {
  ProxyOptions options;
  options.threads = 2;
  Rig rig({k01, k10}, std::move(options));
  Link dialled = rig.link(k01);   // node 0 dialled node 1
  Link answered = rig.link(k10);  // node 1 dialled node 0
  const int from0[] = {dialled.client.get(), answered.server.get()};
  const int at1[] = {dialled.server.get(), answered.client.get()};
  const Rule hold = rig.cut(CutKind::hold, {k01});
  CHECK(rig.apply({hold}).removed.empty());

  for (int i = 0; i < 2; ++i) {
    REQUIRE(send_text(from0[i], "one "));
    REQUIRE(send_text(at1[i], "back"));
    CHECK(receive(from0[i], 4).bytes == "back");  // the reverse flows
    CHECK_FALSE(readable_within(at1[i], kSoon));
    REQUIRE(send_text(from0[i], "two"));
    ::shutdown(from0[i], SHUT_WR);
  }
  CHECK(eventually([&] { return rig.stats(k01).bytes_held == 14; }));
  CHECK(eventually([&] { return rig.proxy().touched().at(hold.id).bytes == 14; }));
  CHECK(rig.proxy().touched().at(hold.id).held_ns > 0);
  const ApplyReport report = rig.apply({});
  for (int i = 0; i < 2; ++i) {
    const Received got = receive_all(at1[i]);
    CHECK(got.bytes == "one two");
    CHECK(got.eof);
  }
  const Touched& touched = report.removed.at(hold.id);
  CHECK(touched.connections == 2);
  CHECK(touched.bytes == 14);
  CHECK(touched.held_ns >= 2 * kSoon);
  CHECK(rig.stats(k01).intact);
}

TEST_CASE("a hold that met nothing is vacuous", "[cuts]") {
  Rig rig({k01});
  const Link link = rig.link(k01);
  const Rule hold = rig.cut(CutKind::hold, {k01});
  rig.apply({hold});
  CHECK(rig.apply({}).removed.at(hold.id).vacuous());
}

TEST_CASE("under hold a reset waits in its place, and bytes are bounded", "[cuts]") {
  ProxyOptions options;
  options.held_bytes_max = 50'000;
  Rig rig({k01}, std::move(options));
  Link link = rig.link(k01);
  const Rule hold = rig.cut(CutKind::hold, {k01});
  rig.apply({hold});
  REQUIRE(send_text(link.client.get(), std::string(200'000, 'h')));
  CHECK(eventually([&] { return rig.stats(k01).bytes_held == 50'000; }));
  reset(link.client);
  CHECK_FALSE(readable_within(link.server.get(), kSoon));
  rig.apply({});
  const Received got = receive_all(link.server.get());
  CHECK(got.error == ECONNRESET);
  CHECK(got.bytes == std::string(got.bytes.size(), 'h'));
  CHECK(rig.stats(k01).intact);
}

TEST_CASE("reset: both sides see RST, other pairs see nothing, new ones are refused", "[cuts]") {
  Rig rig({k01, k10, k02});
  Link link = rig.link(k01);
  Link back = rig.link(k10);
  Link other = rig.link(k02);
  const Rule cut = rig.cut(CutKind::reset, {k01});
  rig.apply({cut});
  for (const Link* l : {&link, &back}) {
    CHECK(receive_all(l->client.get()).error == ECONNRESET);
    CHECK(receive_all(l->server.get()).error == ECONNRESET);
  }
  REQUIRE(send_text(other.client.get(), "fine"));
  CHECK(receive(other.server.get(), 4).bytes == "fine");
  UniqueFd late = connect_to(rig.port(k10));
  CHECK(receive_all(late.get()).error == ECONNRESET);

  const Touched touched = rig.apply({}).removed.at(cut.id);
  CHECK(touched.connections == 2);
  CHECK(touched.attempts == 1);
  CHECK(rig.stats(k10).refused == 1);
  CHECK(rig.stats(k01).resets == 2);  // both connections carry bytes of that pair
  Link again = rig.link(k01);
  REQUIRE(send_text(again.client.get(), "healed"));
  CHECK(receive(again.server.get(), 6).bytes == "healed");
}

TEST_CASE("close: what was read is delivered, then FIN on both sides", "[cuts]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  const Rule delay = rig.fault("delay", {{"delay", "5s"}}, {k01});
  rig.apply({delay});
  REQUIRE(send_text(link.client.get(), "read before"));
  CHECK(eventually([&] { return rig.stats(k01).bytes_held == 11; }));
  const Rule cut = rig.cut(CutKind::close, {k10});
  rig.apply({delay, cut});
  const Received at_server = receive_all(link.server.get());
  CHECK(at_server.bytes == "read before");
  CHECK(at_server.eof);
  CHECK(receive_all(link.client.get()).eof);
  REQUIRE(send_text(link.client.get(), "too late"));  // read and dropped: no RST for it
  CHECK(receive_all(link.server.get()).bytes.empty());
  UniqueFd late = connect_to(rig.port(k01));
  CHECK(receive_all(late.get()).error == ECONNRESET);
  link.client.reset();
  link.server.reset();
  CHECK(eventually([&] { return rig.stats(k01).connections_open == 0; }));
  const ApplyReport report = rig.apply({});
  CHECK(report.removed.at(cut.id).connections == 1);
  CHECK(report.removed.at(cut.id).attempts == 1);
  CHECK(report.removed.at(cut.id).bytes == 8);
  CHECK(rig.stats(k01).resets == 0);
}

TEST_CASE("close does not wait for ever for the other end", "[cuts]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  rig.apply({rig.cut(CutKind::close, {k01})});
  CHECK(receive_all(link.client.get()).eof);
  CHECK(eventually([&] { return rig.stats(k01).connections_open == 0; }));
}

TEST_CASE("close delivers nothing through a hold", "[cuts]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  const Rule hold = rig.cut(CutKind::hold, {k01});
  rig.apply({hold});
  REQUIRE(send_text(link.client.get(), "held"));
  CHECK(eventually([&] { return rig.stats(k01).bytes_held == 4; }));
  const Rule cut = rig.cut(CutKind::close, {k01});
  rig.apply({hold, cut});
  const Received got = receive_all(link.server.get());
  CHECK(got.bytes.empty());
  CHECK(got.eof);
  CHECK(rig.apply({}).removed.at(cut.id).bytes == 4);
  CHECK(rig.stats(k01).intact);
}

TEST_CASE("refuse: established connections go on, new ones see RST", "[cuts]") {
  Rig rig({k01, k10});
  Link link = rig.link(k01);
  const Rule cut = rig.cut(CutKind::refuse, {k01});
  rig.apply({cut});
  for (const PairId pair : {k01, k10}) {
    UniqueFd late = connect_to(rig.port(pair));
    CHECK(receive_all(late.get()).error == ECONNRESET);
  }
  REQUIRE(send_text(link.client.get(), "on"));
  CHECK(receive(link.server.get(), 2).bytes == "on");
  const Touched touched = rig.apply({}).removed.at(cut.id);
  CHECK(touched.attempts == 2);
  CHECK(touched.connections == 0);
}

TEST_CASE("drop is counted here and done elsewhere", "[cuts]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  const Rule cut = rig.cut(CutKind::drop, {k10});
  rig.apply({cut});
  REQUIRE(send_text(link.client.get(), "on"));
  CHECK(receive(link.server.get(), 2).bytes == "on");
  CHECK(rig.apply({}).removed.at(cut.id).connections == 1);
}

TEST_CASE("delay: nothing comes early, the order stays, and removal sends all at once", "[cuts]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  const Rule delay = rig.fault("delay", {{"delay", "80ms"}, {"jitter", "20ms"}}, {k01});
  rig.apply({delay});
  const Nanos asked = now();
  REQUIRE(send_text(link.client.get(), "a"));
  REQUIRE(send_text(link.client.get(), "b"));
  CHECK(receive(link.server.get(), 2).bytes == "ab");
  CHECK(now() - asked >= 60 * kMillisecond);
  REQUIRE(send_text(link.server.get(), "back"));
  CHECK(receive(link.client.get(), 4).bytes == "back");

  const Rule slow = rig.fault("delay", {{"delay", "1h"}}, {k01});
  CHECK(rig.apply({slow}).removed.at(delay.id).bytes == 2);
  REQUIRE(send_text(link.client.get(), "held"));
  ::shutdown(link.client.get(), SHUT_WR);
  CHECK_FALSE(readable_within(link.server.get(), kSoon));
  const Touched touched = rig.apply({}).removed.at(slow.id);
  CHECK(touched.connections == 1);
  CHECK(touched.bytes == 4);
  const Received got = receive_all(link.server.get());
  CHECK(got.bytes == "held");
  CHECK(got.eof);
}

TEST_CASE("a delay does not cap the throughput: 12 MiB may be under way", "[cuts]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  rig.apply({rig.fault("delay", {{"delay", "1h"}}, {k01})});
  const std::size_t size = std::size_t{12} << 20;
  std::thread writer([&] { send_text(link.client.get(), std::string(size, 'd')); });
  CHECK(eventually([&] { return rig.stats(k01).bytes_held == size; }));
  rig.apply({});
  CHECK(receive(link.server.get(), size).bytes.size() == size);
  writer.join();
}

TEST_CASE("tallies keep what connections did that are gone", "[cuts]") {
  ProxyOptions options;
  options.threads = 2;
  Rig rig({k01}, std::move(options));
  const Rule delay = rig.fault("delay", {{"delay", "1ms"}}, {k01, k10});
  rig.apply({delay});
  for (int i = 0; i < 6; ++i) {
    Link link = rig.link(k01);
    REQUIRE(send_text(link.client.get(), "ping"));
    CHECK(receive(link.server.get(), 4).bytes == "ping");
    REQUIRE(send_text(link.server.get(), "pong"));
    CHECK(receive(link.client.get(), 4).bytes == "pong");
    link.client.reset();
    link.server.reset();
    CHECK(eventually([&] { return rig.stats(k01).connections_open == 0; }));
  }
  const Touched touched = rig.apply({}).removed.at(delay.id);
  CHECK(touched.connections == 6);
  CHECK(touched.bytes == 48);
}

TEST_CASE("apply under load answers, and loses nothing", "[cuts]") {
  ProxyOptions options;
  options.threads = 2;
  Rig rig({k01}, std::move(options));
  std::vector<Link> links;
  for (int i = 0; i < 8; ++i) links.push_back(rig.link(k01));
  const std::size_t size = std::size_t{1} << 20;
  const std::string block(size, 'l');
  std::vector<std::thread> writers;
  for (Link& link : links) {
    writers.emplace_back([&link, &block] {
      send_text(link.client.get(), block);
      ::shutdown(link.client.get(), SHUT_WR);
    });
  }
  std::vector<std::size_t> got(links.size());
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < links.size(); ++i) {
    readers.emplace_back([&, i] { got[i] = receive_all(links[i].server.get()).bytes.size(); });
  }
  const Nanos start = now();
  int applied = 0;
  for (; applied < 60; ++applied) {
    switch (applied % 3) {
      case 0: rig.apply({rig.cut(CutKind::hold, {k01})}); break;
      case 1: rig.apply({rig.fault("delay", {{"delay", "3ms"}, {"jitter", "3ms"}}, {k01})}); break;
      default: rig.apply({}); break;
    }
    nap();
  }
  rig.apply({});
  CHECK(now() - start < kPatience);
  for (std::thread& t : writers) t.join();
  for (std::thread& t : readers) t.join();
  for (const std::size_t bytes : got) CHECK(bytes == size);
  CHECK(rig.stats(k01).intact);
}
