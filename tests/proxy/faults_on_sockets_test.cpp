// Faults on real connections: the ends that they ask for, and the wait before the dialling.
#include <cerrno>

#include "base/units.hpp"
#include "tests/proxy/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;
using namespace sunder::test;

namespace {
constexpr PairId kPair{0, 1};
constexpr PairId kBack{1, 0};
}  // namespace

TEST_CASE("connect_delay: the server hears of a connection later, removal dials at once",
          "[kinds]") {
  Rig rig({kPair});
  Nanos wait = 150 * kMillisecond;
  SECTION("in time") {}
  SECTION("removed") {
    wait = 30 * kSecond;
  }
  rig.apply({rig.fault("connect_delay", {{"delay", format_duration(wait)}}, {kPair})});
  const Nanos start = monotonic_clock().now();
  const UniqueFd client = connect_to(rig.port(kPair));
  REQUIRE(send_text(client.get(), "hello"));
  CHECK_FALSE(readable_within(rig.server(kPair), 80 * kMillisecond));
  if (wait > kSecond) rig.apply({});
  const UniqueFd server = accept_on(rig.server(kPair));
  REQUIRE(server.valid());
  if (wait < kSecond) CHECK(monotonic_clock().now() - start >= wait);
  CHECK(receive(server.get(), 5).bytes == "hello");
}

TEST_CASE("limit_data: so many bytes and a FIN on both sides", "[kinds]") {
  Rig rig({kPair});
  rig.apply({rig.fault("limit_data", {{"bytes", "5B"}}, {kPair})});
  const Link link = rig.link(kPair);
  REQUIRE(send_text(link.client.get(), "abcdefgh"));
  const Received got = receive_all(link.server.get());
  CHECK(got.bytes == "abcde");
  CHECK(got.eof);
  CHECK(receive_all(link.client.get()).eof);
  CHECK(rig.stats(kPair).altered());
  CHECK(rig.stats(kPair).intact);
}

TEST_CASE("timeout: nothing passes, removal closes what has lost bytes, and only that", "[kinds]") {
  Rig rig({kPair});
  const Link lost = rig.link(kPair);
  const Link quiet = rig.link(kPair);
  rig.apply({rig.fault("timeout", {}, {kPair})});
  REQUIRE(send_text(lost.client.get(), "gone"));
  REQUIRE(eventually([&] { return rig.stats(kPair).bytes_omitted == 4; }));
  rig.apply({});
  CHECK(receive_all(lost.server.get()).bytes.empty());
  REQUIRE(send_text(quiet.client.get(), "here"));
  CHECK(receive(quiet.server.get(), 4).bytes == "here");
}

TEST_CASE("reset_peer and lose_reply end in RST, on connections that were open before", "[kinds]") {
  Rig rig({kPair});
  const Link link = rig.link(kPair);
  SECTION("reset_peer") {
    rig.apply({rig.fault("reset_peer", {{"timeout", "10ms"}}, {kPair})});
    REQUIRE(send_text(link.client.get(), "x"));
  }
  SECTION("lose_reply") {
    Rule rule = rig.fault("lose_reply", {{"timeout", "10ms"}}, {kPair});
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
  CHECK(rig.stats(kBack).intact);
}

TEST_CASE("rate per pair over two loops: the sum of all connections", "[kinds]") {
  ProxyOptions options;
  options.threads = 2;
  Rig rig({kPair}, std::move(options));
  std::vector<Link> links;
  for (int i = 0; i < 6; ++i) links.push_back(rig.link(kPair));
  rig.apply({rig.fault("rate", {{"rate", "1MB/s"}, {"per", "pair"}}, {kPair})});
  const std::uint64_t before = rig.stats(kPair).bytes_out;
  for (const Link& link : links) REQUIRE(send_text(link.client.get(), std::string(150'000, 'x')));
  const Nanos start = monotonic_clock().now();
  REQUIRE(eventually([&] { return rig.stats(kPair).bytes_out - before >= 500'000; }));
  const Nanos took = monotonic_clock().now() - start;
  CHECK(took > 400 * kMillisecond);
  CHECK(took < 800 * kMillisecond);
}
