// Stream: what each step says of how it ended, on small servers that refuse, hang, break and end in order.
#include "harness/stream.hpp"

#include "tests/harness/real_etcd.hpp"
#include "tests/harness/small_node.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::test;

namespace {

Nanos soon() {
  return monotonic_clock().now() + 300 * kMillisecond;
}

}  // namespace

TEST_CASE("stream: nothing was sent where nobody listens, or the address is not ours", "[stream]") {
  Stream nobody({kLoopback, real_etcd::free_port()}, 0);
  CHECK(nobody.dial(soon()).end == StreamEnd::refused);
  CHECK_FALSE(nobody.open());
  SmallNode node([](int) {});
  Stream foreign(node.where, *parse_ipv4("192.0.2.1"));
  const StreamStep step = foreign.dial(soon());
  CHECK(step.end == StreamEnd::not_sent);
  CHECK(step.text.find("192.0.2.1") != std::string::npos);
}

TEST_CASE("stream: an answer, and quiet before and after it", "[stream]") {
  SmallNode echo([](int fd) {
    say(fd, take(fd, 4));
    take(fd, 1);
  });
  Stream stream(echo.where, kLoopback + 1);  // bound to an address of loopback
  CHECK_FALSE(stream.quiet());
  REQUIRE(stream.dial(soon()).ok());
  CHECK(stream.quiet());
  REQUIRE(stream.send("ping", soon()).ok());
  std::string in;
  while (in.size() < 4 && stream.receive_some(&in, soon()).ok()) {
  }
  CHECK(in == "ping");
  CHECK(stream.quiet());
}

TEST_CASE("stream: no answer in time, the end in order, and a connection that breaks", "[stream]") {
  std::string in;
  {
    SmallNode silent([](int fd) { take(fd, 5); });
    Stream stream(silent.where, 0);
    REQUIRE(stream.dial(soon()).ok());
    REQUIRE(stream.send("ping", soon()).ok());
    CHECK(stream.receive_some(&in, soon()).end == StreamEnd::timeout);
  }
  {
    SmallNode ends([](int fd) { take(fd, 4); });
    Stream stream(ends.where, 0);
    REQUIRE(stream.dial(soon()).ok());
    REQUIRE(stream.send("ping", soon()).ok());
    const StreamStep step = stream.receive_some(&in, soon());
    CHECK(step.end == StreamEnd::reset);
    CHECK(step.ended);
    CHECK_FALSE(stream.quiet());
  }
  {
    SmallNode breaks([](int fd) {
      take(fd, 4);
      const linger now{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    });
    Stream stream(breaks.where, 0);
    REQUIRE(stream.dial(soon()).ok());
    REQUIRE(stream.send("ping", soon()).ok());
    const StreamStep step = stream.receive_some(&in, soon());
    CHECK(step.end == StreamEnd::reset);
    CHECK_FALSE(step.ended);
  }
  CHECK(in.empty());
}

TEST_CASE("stream: a request that the other side does not take goes out in part", "[stream]") {
  std::atomic<bool> over{false};
  SmallNode full([&](int) {
    while (!over) ::usleep(1000);
  });
  Stream stream(full.where, 0);
  REQUIRE(stream.dial(soon()).ok());
  CHECK(stream.send(std::string(64U << 20U, 'x'), soon()).end == StreamEnd::timeout);
  over = true;
}
