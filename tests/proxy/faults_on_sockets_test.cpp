// Faults on real connections: the ends that they ask for, and the wait before the dialling.
#include <cerrno>

#include "base/units.hpp"
#include "tests/proxy/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;
using namespace sunder::test;

TEST_CASE("connect_delay: the server hears of a connection later, removal dials at once",
          "[kinds]") {
  Rig rig({k01});
  Nanos wait = 150 * kMillisecond;
  SECTION("in time") {}
  SECTION("removed") {
    wait = 30 * kSecond;
  }
  rig.apply({rig.fault("connect_delay", {{"delay", format_duration(wait)}}, {k01})});
  const Nanos start = monotonic_clock().now();
  const UniqueFd client = connect_to(rig.port(k01));
  REQUIRE(send_text(client.get(), "hello"));
  CHECK_FALSE(readable_within(rig.server(k01), 80 * kMillisecond));
  if (wait > kSecond) rig.apply({});
  const UniqueFd server = accept_on(rig.server(k01));
  REQUIRE(server.valid());
  if (wait < kSecond) CHECK(monotonic_clock().now() - start >= wait);
  CHECK(receive(server.get(), 5).bytes == "hello");
}

TEST_CASE("limit_data: so many bytes and a FIN on both sides", "[kinds]") {
  Rig rig({k01});
  rig.apply({rig.fault("limit_data", {{"bytes", "5B"}}, {k01})});
  const Link link = rig.link(k01);
  REQUIRE(send_text(link.client.get(), "abcdefgh"));
  const Received got = receive_all(link.server.get());
  CHECK(got.bytes == "abcde");
  CHECK(got.eof);
  CHECK(receive_all(link.client.get()).eof);
  CHECK(rig.stats(k01).altered());
  CHECK(rig.stats(k01).intact);
}

TEST_CASE("timeout: nothing passes, removal closes what has lost bytes, and only that", "[kinds]") {
  Rig rig({k01});
  const Link lost = rig.link(k01);
  const Link quiet = rig.link(k01);
  rig.apply({rig.fault("timeout", {}, {k01})});
  REQUIRE(send_text(lost.client.get(), "gone"));
  REQUIRE(eventually([&] { return rig.stats(k01).bytes_omitted == 4; }));
  rig.apply({});
  CHECK(receive_all(lost.server.get()).bytes.empty());
  REQUIRE(send_text(quiet.client.get(), "here"));
  CHECK(receive(quiet.server.get(), 4).bytes == "here");
}

TEST_CASE("reset_peer and lose_reply end in RST, on connections that were open before", "[kinds]") {
  Rig rig({k01});
  const Link link = rig.link(k01);
  SECTION("reset_peer") {
    rig.apply({rig.fault("reset_peer", {{"timeout", "10ms"}}, {k01})});
    REQUIRE(send_text(link.client.get(), "x"));
  }
  SECTION("lose_reply") {
    Rule rule = rig.fault("lose_reply", {{"timeout", "10ms"}}, {k01});
    rule.frame = "u32be";
    rig.apply({rule});
    REQUIRE(send_text(link.client.get(), std::string("\0\0\0\1x", 5)));
    CHECK(receive(link.server.get(), 5).bytes.size() == 5);  // the request is there
    REQUIRE(send_text(link.server.get(), std::string("\0\0\0\1y", 5)));
  }
  const Received client = receive_all(link.client.get());
  CHECK(client.bytes.empty());
  CHECK(client.error == ECONNRESET);
  CHECK(receive_all(link.server.get()).error == ECONNRESET);
  CHECK(rig.stats(k10).intact);
}

TEST_CASE("rate per pair over two loops: the sum of all connections", "[kinds]") {
  ProxyOptions options;
  options.threads = 2;
  Rig rig({k01}, std::move(options));
  std::vector<Link> links;
  for (int i = 0; i < 6; ++i) links.push_back(rig.link(k01));
  rig.apply({rig.fault("rate", {{"rate", "1MB/s"}, {"per", "pair"}}, {k01})});
  const std::uint64_t before = rig.stats(k01).bytes_out;
  for (const Link& link : links) REQUIRE(send_text(link.client.get(), std::string(150'000, 'x')));
  const Nanos start = monotonic_clock().now();
  REQUIRE(eventually([&] { return rig.stats(k01).bytes_out - before >= 500'000; }));
  const Nanos took = monotonic_clock().now() - start;
  CHECK(took > 400 * kMillisecond);
  CHECK(took < 800 * kMillisecond);
}
