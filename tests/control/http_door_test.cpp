// Slow, silent, greedy and broken HTTP peers: the API answers others at once, and every well-formed request that drips in
// is answered too. RequestScan byte by byte.
#include "control/http_door.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "control/limits.hpp"
#include "control/request_scan.hpp"
#include "sunder/client.hpp"
#include "tests/control/served.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;

// UBSan's check of virtual calls opens a pipe now and then, and reports nonsense where no descriptor is left.
extern "C" __attribute__((weak)) void __ubsan_get_current_report_data();

namespace {

bool put(const UniqueFd& fd, const std::string& bytes) {
  return ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

/// All that comes until the end of the stream; at most 10 s.
std::string take(const UniqueFd& fd) {
  const timeval patience{10, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (got <= 0) return out;
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

const std::string kHeal = "POST /v1/heal HTTP/1.1\r\nHost: localhost\r\n";

/// True where `bytes` are whole at their last byte, and not before.
bool ends_exactly(const std::string& bytes) {
  RequestScan scan;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    if (scan.whole(std::string_view(bytes).substr(0, size))) {
      return size == bytes.size() && !scan.cut_short();
    }
  }
  return false;
}

bool cut_short(const std::string& bytes) {
  RequestScan scan;
  return scan.whole(bytes) && scan.cut_short();
}

}  // namespace

TEST_CASE("a request is whole at its last byte, however it drips in") {
  CHECK(ends_exactly("GET / HTTP/1.1\r\n\r\n"));
  CHECK(ends_exactly("GARBAGE\r\n\r\n"));
  CHECK(ends_exactly("GET / HTTP/1.1\r\nA: b\r\nContent-Length: 0\r\n\r\n"));
  CHECK(ends_exactly("POST / HTTP/1.1\r\ncontent-LENGTH:  5 \r\n\r\nhello"));
  CHECK(ends_exactly("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\nok"));
  CHECK(ends_exactly("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  CHECK(
      ends_exactly("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n\r\n"
                   "a;x=y\r\n0\r\n\r\n56789\r\n1\r\nx\r\n0\r\n\r\n"));
  CHECK_FALSE(ends_exactly("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell"));
  RequestScan waits;
  CHECK_FALSE(waits.whole("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n"));
  CHECK(waits.wants_continue());
}

TEST_CASE("what can't become a request is not waited for") {
  const std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(cut_short(std::string(kHeadMax + 1, 'x')));
  CHECK(cut_short("POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n"));
  CHECK(cut_short("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"));
  CHECK(cut_short(chunked + "xyz\r\n"));
  CHECK(cut_short(chunked + "-1\r\n"));
  CHECK(cut_short(chunked + "ffffffffffffffff\r\n"));
  CHECK(cut_short(chunked + std::string(kChunkLineMax + 1, '0')));
  CHECK(cut_short(chunked + "0\r\n" + std::string(kChunkLineMax + 1, 't')));
  CHECK(cut_short(chunked + "7fffffff\r\n" + std::string(kBodyMax + 1, 'x')));
}

TEST_CASE("what is over a limit is so however it drips in, and what is within it is not") {
  const std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::size_t size : {kChunkLineMax - 2, kChunkLineMax - 1, kChunkLineMax}) {
    CAPTURE(size);
    const bool fits = size == kChunkLineMax - 2;  // its end belongs to the line
    for (const std::string& request : {chunked + "0;" + std::string(size - 2, 'x') + "\r\n\r\n",
                                       chunked + "0\r\n" + std::string(size, 't') + "\r\n"}) {
      CHECK(ends_exactly(request) == fits);
      CHECK(cut_short(request) != fits);
    }
  }
  const std::string line = "GET / HTTP/1.1\r\nA: ";
  for (const std::size_t size : {kHeadMax, kHeadMax + 1}) {
    const std::string head = line + std::string(size - line.size() - 4, 'a') + "\r\n\r\n";
    REQUIRE(head.size() == size);
    CHECK(cut_short(head) == (size > kHeadMax));
    CHECK(ends_exactly(head) == (size == kHeadMax));
  }
}

TEST_CASE("the API answers in less than a second while a hundred peers dribble, and drops these") {
  Served served;
  const int port = served.server->port();
  const Nanos start = monotonic_clock().now();
  std::vector<UniqueFd> slow;
  for (int i = 0; i < 100; ++i) slow.push_back(connected(port));
  const std::string text = "GET /v1/rules HTTP/1.1\r\nX-Slow: " + std::string(60, 'a');
  Nanos worst = 0;
  std::size_t at = 0;
  bool open = true;
  // A byte every 0.2 s: never silent, and never whole.
  while (open && monotonic_clock().now() - start < kRequestTime + 5 * kSecond) {
    open = false;
    for (const UniqueFd& fd : slow) open = put(fd, std::string(1, text[at])) || open;
    at = (at + 1) % text.size();
    const Nanos asked = monotonic_clock().now();
    CHECK(Client(served.server->url()).rules().ok());
    worst = std::max(worst, monotonic_clock().now() - asked);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  CHECK(worst < 5 * kSecond);  // without a door: until the slow ones are dropped, 10 s
  CHECK_FALSE(open);
  CHECK(monotonic_clock().now() - start >= kRequestTime - kSecond);
}

TEST_CASE("more silent peers than there is room for: the oldest goes, others are answered") {
  Served served;
  std::vector<UniqueFd> silent;
  for (std::size_t i = 0; i < kGuestsMax + 20; ++i) {
    silent.push_back(connected(served.server->port()));
  }
  const Nanos asked = monotonic_clock().now();
  CHECK(Client(served.server->url()).rules().ok());
  CHECK(monotonic_clock().now() - asked < 5 * kSecond);
  CHECK(take(silent.front()).empty());  // its end, not the 10 s of take()
  CHECK(monotonic_clock().now() - asked < 5 * kSecond);
}

TEST_CASE("peers that do not read their answers hold no thread") {
  Served served;
  Client client(served.server->url());
  for (int i = 0; i < 40; ++i) {
    REQUIRE(client.note("n" + std::to_string(i), {{"text", std::string(20'000, 'x')}}).ok());
  }
  std::vector<UniqueFd> deaf;
  for (unsigned i = 0; i < 2 * (kRequestThreads + kLeasesMax); ++i) {
    deaf.push_back(connected(served.server->port(), 1024));
    REQUIRE(put(deaf.back(), "GET /v1/events HTTP/1.1\r\n\r\n"));
  }
  const Nanos asked = monotonic_clock().now();
  CHECK(Client(served.server->url()).rules().ok());
  CHECK(monotonic_clock().now() - asked < 5 * kSecond);
  // One that begins to read gets all of it.
  CHECK(take(deaf.back()).size() > 800'000);
}

TEST_CASE("a request in single bytes, in chunks, after 100 Continue, and half-closed is answered") {
  Served served;
  const int port = served.server->port();
  const auto drip = [&](const std::string& bytes) {
    const UniqueFd fd = connected(port);
    for (const char c : bytes) {
      if (!put(fd, std::string(1, c))) break;
    }
    return take(fd).substr(0, 12);
  };
  CHECK(drip(kHeal + "Content-Length: 2\r\n\r\n{}") == "HTTP/1.1 200");
  CHECK(drip(kHeal + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n") ==
        "HTTP/1.1 200");
  const UniqueFd patient = connected(port);
  REQUIRE(put(patient, kHeal + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  pollfd coming{patient.get(), POLLIN, 0};
  REQUIRE(::poll(&coming, 1, 5000) == 1);
  REQUIRE(put(patient, "{}"));
  const std::string all = take(patient);
  CHECK(all.rfind("HTTP/1.1 100 Continue\r\n\r\n", 0) == 0);
  CHECK(all.find("HTTP/1.1 200") != std::string::npos);
  const UniqueFd half = connected(port);
  REQUIRE(put(half, "GET /v1/rules HTTP/1.1\r\n\r\n"));
  ::shutdown(half.get(), SHUT_WR);
  CHECK(take(half).rfind("HTTP/1.1 200", 0) == 0);
  const UniqueFd broken = connected(port);
  REQUIRE(put(broken, kHeal + "Content-Length: 9\r\n\r\n{}"));
  ::shutdown(broken.get(), SHUT_WR);
  CHECK(take(broken).rfind("HTTP/1.1 400", 0) == 0);
}

TEST_CASE(
    "requests sent one behind the other: the first is answered, whole, and no reset eats it") {
  Served served;
  std::string many;
  for (int i = 0; i < 500; ++i) many += "GET /v1/rules HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int round = 0; round < 20; ++round) {
    const UniqueFd fd = connected(served.server->port());
    REQUIRE(put(fd, many));
    const std::string all = take(fd);
    CHECK(all.rfind("HTTP/1.1 200", 0) == 0);
    CHECK(all.find("HTTP/1.1", 5) == std::string::npos);
    CHECK(all.find("\"rules\"") != std::string::npos);
  }
}

TEST_CASE("out of descriptors the API goes on when there are some again") {
  if (__ubsan_get_current_report_data != nullptr) {
    WARN("left out under UBSan, which needs descriptors itself; the tsan preset runs it");
    return;
  }
  Served served;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const UniqueFd waiting(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(waiting.get() + 1);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(served.server->port()));
  const bool limited = ::setrlimit(RLIMIT_NOFILE, &low) == 0;
  const int came = ::connect(waiting.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  const bool sent = put(waiting, "GET /v1/rules HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const bool free_again = ::setrlimit(RLIMIT_NOFILE, &before) == 0;
  REQUIRE(free_again);
  REQUIRE(limited);
  CHECK(came == 0);
  CHECK(sent);
  CHECK(take(waiting).rfind("HTTP/1.1 200", 0) == 0);
}
