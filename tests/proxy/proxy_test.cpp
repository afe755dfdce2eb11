// The byte hall on loopback: bytes, half-close, resets, refusals, bounds, descriptors.
#include "proxy/proxy.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

#include "tests/proxy/rig.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;
using namespace sunder::test;

// UBSan's check of virtual calls opens a pipe now and then, and reports nonsense where no
// descriptor is left.
extern "C" __attribute__((weak)) void __ubsan_get_current_report_data();

namespace {

ProxyOptions with_threads(unsigned threads) {
  ProxyOptions options;
  options.threads = threads;
  return options;
}

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t x = 1;
  for (char& c : out) {
    x = x * 1664525 + 1013904223;
    c = static_cast<char>(x >> 24U);
  }
  return out;
}

}  // namespace

TEST_CASE("bytes pass both ways, and each half closes by itself", "[proxy]") {
  Rig rig({k01}, with_threads(2));
  Link link = rig.link(k01);
  REQUIRE(send_text(link.client.get(), "hello"));
  CHECK(receive(link.server.get(), 5).bytes == "hello");

  SECTION("the client closes first") {
    ::shutdown(link.client.get(), SHUT_WR);
    CHECK(receive_all(link.server.get()).eof);
    REQUIRE(send_text(link.server.get(), "still here"));
    link.server.reset();
    const Received got = receive_all(link.client.get());
    CHECK(got.bytes == "still here");
    CHECK(got.eof);
  }
  SECTION("the server closes first") {
    ::shutdown(link.server.get(), SHUT_WR);
    CHECK(receive_all(link.client.get()).eof);
    REQUIRE(send_text(link.client.get(), "still here"));
    link.client.reset();
    const Received got = receive_all(link.server.get());
    CHECK(got.bytes == "still here");
    CHECK(got.eof);
  }
  CHECK(eventually([&] { return rig.stats(k01).connections_open == 0; }));
  const PairStats stats = rig.stats(k01);
  CHECK(stats.connections_total == 1);
  CHECK(stats.resets == 0);
  CHECK(stats.intact);
  CHECK(stats.bytes_in == stats.bytes_out);
  CHECK(rig.stats(k10).connections_total == 0);
}

TEST_CASE("a reset is passed on as a reset, after the bytes before it", "[proxy]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  SECTION("by the client") {
    REQUIRE(send_text(link.client.get(), "last words"));
    CHECK(receive(link.server.get(), 10).bytes == "last words");
    reset(link.client);
    CHECK(receive_all(link.server.get()).error == ECONNRESET);
  }
  SECTION("by the server") {
    REQUIRE(send_text(link.server.get(), "last words"));
    reset(link.server);
    const Received got = receive_all(link.client.get());
    CHECK(got.error == ECONNRESET);
    CHECK(std::string("last words").starts_with(got.bytes));
  }
  SECTION("after a half-close") {
    ::shutdown(link.client.get(), SHUT_WR);
    CHECK(receive_all(link.server.get()).eof);
    reset(link.server);
    CHECK(receive_all(link.client.get()).error == ECONNRESET);
  }
  SECTION("by the client after its own half-close") {
    ::shutdown(link.client.get(), SHUT_WR);
    CHECK(receive_all(link.server.get()).eof);
    reset(link.client);
    CHECK(eventually([&] { return rig.stats(k01).resets == 1; }));
  }
  CHECK(eventually([&] { return rig.stats(k01).connections_open == 0; }));
  CHECK(rig.stats(k01).resets == 1);
}

TEST_CASE("a reset is seen while nothing is read", "[proxy]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  // The server reads nothing: the proxy's queue fills, and it stops reading from the client.
  ::fcntl(link.client.get(), F_SETFL, O_NONBLOCK);
  const std::string block(1 << 16, 'x');
  std::uint64_t sent = 0;
  for (int quiet = 0; quiet < 20;) {
    const ssize_t n = ::send(link.client.get(), block.data(), block.size(), MSG_NOSIGNAL);
    if (n > 0) {
      sent += static_cast<std::uint64_t>(n);
      quiet = 0;
    } else {
      nap();
      ++quiet;
    }
  }
  const PairStats full = rig.stats(k01);
  CHECK(full.bytes_held <= std::uint64_t{1} << 20);
  CHECK(full.bytes_in < sent);
  reset(link.client);
  CHECK(eventually([&] { return rig.stats(k01).connections_open == 0; }));
  CHECK(receive_all(link.server.get()).error == ECONNRESET);
  CHECK(rig.stats(k01).intact);
}

TEST_CASE("a refused upstream is a reset for the client", "[proxy]") {
  Rig rig({k01});
  rig.close_server(k01);
  UniqueFd client = connect_to(rig.port(k01));
  CHECK(receive_all(client.get()).error == ECONNRESET);
  CHECK(eventually([&] { return rig.stats(k01).refused == 1; }));
  CHECK(rig.stats(k01).connections_open == 0);
}

TEST_CASE("a slow reader makes a bounded queue, and every byte arrives", "[proxy]") {
  ProxyOptions options;
  options.held_bytes_max = 100'000;
  options.spin = 20 * kMicrosecond;
  Rig rig({k01}, std::move(options));
  Link link = rig.link(k01);
  const std::string sent = pattern(std::size_t{24} << 20);
  std::thread writer([&] {
    send_text(link.client.get(), sent);
    ::shutdown(link.client.get(), SHUT_WR);
  });
  CHECK(eventually([&] { return rig.stats(k01).bytes_held > 0; }));
  CHECK(rig.stats(k01).bytes_held <= 100'000);
  const Received got = receive_all(link.server.get());
  writer.join();
  CHECK(got.eof);
  CHECK(got.bytes == sent);
  CHECK(rig.stats(k01).intact);
  CHECK(rig.stats(k01).bytes_held == 0);
  CHECK(rig.stats(k01).bytes_out == sent.size());
}

TEST_CASE("without descriptors new connections wait and old ones go on", "[proxy]") {
  if (__ubsan_get_current_report_data != nullptr) {
    WARN("left out under UBSan, which needs descriptors itself; the tsan preset runs it");
    return;
  }
  Rig rig({k01}, with_threads(2));
  Link link = rig.link(k01);
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(::dup(0));
  ::close(static_cast<int>(none.rlim_cur));
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);  // no further descriptor in this process

  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_port = htons(rig.port(k01));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::size_t connected = 0;
  for (const UniqueFd& fd : waiting) {
    connected += ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 ? 1 : 0;
  }
  for (int i = 0; i < 50; ++i) nap();
  const bool alive =
      send_text(link.client.get(), "alive") && receive(link.server.get(), 5).bytes == "alive";
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(connected == 3);  // the kernel's queue took them
  CHECK(alive);
  for (UniqueFd& fd : waiting) {
    UniqueFd server = accept_on(rig.server(k01));
    REQUIRE(server.valid());
    CHECK(fd.valid());
  }
}

TEST_CASE("stop resets what is open, twice is once, and orders after it answer", "[proxy]") {
  Rig rig({k01}, with_threads(2));
  Link link = rig.link(k01);
  rig.proxy().stop();
  rig.proxy().stop();
  CHECK(receive_all(link.client.get()).error == ECONNRESET);
  CHECK(receive_all(link.server.get()).error == ECONNRESET);
  CHECK(rig.apply({rig.cut(CutKind::hold, {k01})}).epoch == 1);
  CHECK(rig.stats(k01).connections_total == 1);
  CHECK(rig.stats(k01).connections_open == 0);
}

TEST_CASE("an urgent byte stays in its place", "[proxy]") {
  Rig rig({k01});
  Link link = rig.link(k01);
  const int on = 1;
  REQUIRE(::setsockopt(link.server.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) == 0);
  REQUIRE(send_text(link.client.get(), "ab"));
  REQUIRE(::send(link.client.get(), "c", 1, MSG_OOB) == 1);
  REQUIRE(send_text(link.client.get(), "de"));
  CHECK(receive(link.server.get(), 5).bytes == "abcde");
}
