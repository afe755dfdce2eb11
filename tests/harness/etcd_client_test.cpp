// etcd's adapter: the outcome table on canned answers, the HTTP connection against small servers that misbehave on
// purpose, and a real etcd where one is installed.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "harness/client.hpp"
#include "harness/etcd/gateway.hpp"
#include "tests/harness/real_etcd.hpp"
#include "tests/harness/small_node.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::etcd_client_test {

using namespace etcd;
using namespace test;
using check::OpKind;

namespace {

HttpAnswer answer(int status, const std::string& body) {
  return {HttpEnd::answered, status, body, ""};
}

struct Seen {
  EventType type;
  OpErrorClass error;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen judged(OpKind kind, const HttpAnswer& what) {
  const Outcome out = outcome_of(request(kind), what);
  return {out.type, out.error};
}

// Reads one request (they are small: one body of a known end).
bool take_request(int fd) {
  std::string in;
  char buffer[4096];
  while (in.find("\r\n\r\n") == std::string::npos || in.back() != '}') {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    in.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

void reset(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

const std::string kOkEmpty = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

}  // namespace

TEST_CASE("etcd: base64 both ways") {
  for (const std::string text : {"", "a", "ab", "abc", "abcd", "k1", "-9223372036854775808"}) {
    CHECK(unbase64(base64(text)) == text);
  }
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("fo") == "Zm8=");
  CHECK_FALSE(unbase64("Zm9").has_value());
  CHECK_FALSE(unbase64("Z*9v").has_value());
}

TEST_CASE("etcd: good answers") {
  const Outcome read = outcome_of(
      request(OpKind::read),
      answer(200,
             R"({"header":{"revision":"9"},"kvs":[{"key":"azE=","value":"NDI="}],"count":"1"})"));
  CHECK(read.type == EventType::ok);
  CHECK(read.value == 42);
  const Outcome absent = outcome_of(request(OpKind::read), answer(200, R"({"header":{}})"));
  CHECK(absent.type == EventType::ok);
  CHECK_FALSE(absent.value.has_value());
  CHECK(judged(OpKind::write, answer(200, R"({"header":{}})")) ==
        Seen{EventType::ok, OpErrorClass::none});
  CHECK(judged(OpKind::cas, answer(200, R"({"succeeded":true})")) ==
        Seen{EventType::ok, OpErrorClass::none});
  const Outcome mismatch =
      outcome_of(request(OpKind::cas),
                 answer(200, R"({"responses":[{"response_range":{"kvs":[{"value":"NDI="}]}}]})"));
  CHECK(mismatch.type == EventType::fail);
  CHECK(mismatch.error == OpErrorClass::mismatch);
  CHECK(mismatch.has_observed);
  CHECK(mismatch.observed == 42);
  const Outcome gone =
      outcome_of(request(OpKind::cas), answer(200, R"({"responses":[{"response_range":{}}]})"));
  CHECK(gone.has_observed);
  CHECK_FALSE(gone.observed.has_value());
}

TEST_CASE("etcd: the table of outcomes") {
  const auto info = [](OpErrorClass c) { return Seen{EventType::info, c}; };
  const auto fail = [](OpErrorClass c) { return Seen{EventType::fail, c}; };
  const HttpAnswer refused{HttpEnd::refused, 0, "", "x"};
  const HttpAnswer not_sent{HttpEnd::not_sent, 0, "", "x"};
  const HttpAnswer timeout{HttpEnd::timeout, 0, "", "x"};
  const HttpAnswer broken{HttpEnd::reset, 0, "", "x"};
  for (const OpKind kind : {OpKind::write, OpKind::cas}) {
    CHECK(judged(kind, refused) == fail(OpErrorClass::refused));
    CHECK(judged(kind, not_sent) == fail(OpErrorClass::not_sent));
    CHECK(judged(kind, timeout) == info(OpErrorClass::timeout));
    CHECK(judged(kind, broken) == info(OpErrorClass::reset));
    CHECK(judged(kind, answer(429, R"({"error":"etcdserver: too many requests","code":8})")) ==
          fail(OpErrorClass::definite));
    CHECK(judged(kind, answer(400, R"({"error":"etcdserver: key is not provided","code":3})")) ==
          fail(OpErrorClass::definite));
    CHECK(judged(kind, answer(401, R"({"error":"etcdserver: invalid auth token","code":16})")) ==
          fail(OpErrorClass::definite));
    CHECK(judged(kind, answer(503, R"({"error":"etcdserver: request timed out","code":14})")) ==
          info(OpErrorClass::timeout));
    CHECK(judged(kind, answer(500, R"({"error":"context deadline exceeded","code":2})")) ==
          info(OpErrorClass::timeout));
    CHECK(judged(kind, answer(503, R"({"error":"etcdserver: leader changed","code":14})")) ==
          info(OpErrorClass::reset));
    CHECK(judged(kind, answer(503, R"({"error":"etcdserver: no leader","code":14})")) ==
          info(OpErrorClass::reset));
    CHECK(judged(kind, answer(502, "<html>bad gateway</html>")) == info(OpErrorClass::reset));
    CHECK(judged(kind, answer(200, "not json")) == info(OpErrorClass::reset));
  }
  CHECK(judged(OpKind::cas, answer(200, "{}")) == info(OpErrorClass::reset));
  CHECK(judged(OpKind::read, refused) == fail(OpErrorClass::refused));
  CHECK(judged(OpKind::read, timeout) == fail(OpErrorClass::timeout));
  CHECK(judged(OpKind::read, broken) == fail(OpErrorClass::reset));
  CHECK(judged(OpKind::read, answer(503, R"({"error":"etcdserver: leader changed","code":14})")) ==
        fail(OpErrorClass::definite));
  CHECK(judged(OpKind::read, answer(503, R"({"error":"etcdserver: request timed out"})")) ==
        fail(OpErrorClass::timeout));
  CHECK(judged(OpKind::read, answer(200, R"({"kvs":[{"value":"eHg="}]})")) ==
        fail(OpErrorClass::reset));
}

TEST_CASE("http: one connection serves many requests, whole, chunked and in pieces") {
  SmallNode server([](int fd) {
    for (int i = 0; take_request(fd); ++i) {
      if (i % 3 == 0) say(fd, kOkEmpty);
      if (i % 3 == 1) {
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        say(fd, "1\r\n}\r\n0\r\n\r\n");
      }
      if (i % 3 == 2) {
        say(fd, "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        say(fd, "\r\n{}");
      }
    }
  });
  HttpConnection http(server.where, 0);
  for (int i = 0; i < 9; ++i) {
    const HttpAnswer got = http.post("/x", "{}", 2 * kSecond);
    REQUIRE(got.end == HttpEnd::answered);
    CHECK(got.status == (i % 3 == 2 ? 503 : 200));
    CHECK(got.body == "{}");
  }
  CHECK(server.connections == 1);
  http.close();
}

TEST_CASE("http: nothing is retried, and every end is told apart") {
  SECTION("refused") {
    HttpConnection http({kLoopback, real_etcd::free_port()}, 0);
    CHECK(http.post("/x", "{}", kSecond).end == HttpEnd::refused);
  }
  SECTION("a source address that is not ours: nothing was sent") {
    HttpConnection http({kLoopback, 1}, 0x0A0B0C0D);
    CHECK(http.post("/x", "{}", kSecond).end == HttpEnd::not_sent);
  }
  SECTION("no answer: the deadline covers the whole, also when bytes drip") {
    SmallNode server([](int fd) {
      take_request(fd);
      say(fd, "HTTP/1.1 200 OK\r\n");
      for (int i = 0; i < 60; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (::send(fd, "X-A: b\r\n", 8, MSG_NOSIGNAL) < 0) return;
      }
    });
    HttpConnection http(server.where, 0);
    const Nanos before = monotonic_clock().now();
    CHECK(http.post("/x", "{}", 200 * kMillisecond).end == HttpEnd::timeout);
    const Nanos took = monotonic_clock().now() - before;
    CHECK(took >= 200 * kMillisecond);
    CHECK(took < 500 * kMillisecond);
    CHECK(server.connections == 1);
  }
  SECTION("reset, and closed before the answer") {
    SmallNode server([](int fd) {
      take_request(fd);
      reset(fd);
    });
    HttpConnection http(server.where, 0);
    CHECK(http.post("/x", "{}", kSecond).end == HttpEnd::reset);
    CHECK(server.connections == 1);
    SmallNode closer([](int fd) {
      take_request(fd);
      say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}");
    });
    HttpConnection second(closer.where, 0);
    CHECK(second.post("/x", "{}", kSecond).end == HttpEnd::reset);
  }
  SECTION("not HTTP") {
    SmallNode server([](int fd) {
      take_request(fd);
      say(fd, "hello hello hello\r\n\r\n");
    });
    HttpConnection http(server.where, 0);
    CHECK(http.post("/x", "{}", kSecond).end == HttpEnd::reset);
  }
  SECTION("a kept connection that the server closed is replaced before anything is sent") {
    SmallNode server([](int fd) {
      if (take_request(fd)) say(fd, kOkEmpty);
    });
    HttpConnection http(server.where, 0);
    REQUIRE(http.post("/x", "{}", kSecond).end == HttpEnd::answered);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(http.post("/x", "{}", kSecond).end == HttpEnd::answered);
    CHECK(server.connections == 2);
  }
}

TEST_CASE("etcd: a real node: reads, writes, cas, its status, and its death", "[etcd]") {
  if (!real_etcd::installed()) {
    WARN("skipped: etcd is not installed");
    return;
  }
  real_etcd::Cluster cluster(1);
  REQUIRE(cluster.wait_ready(20 * kSecond).ok());
  auto made = make_client("etcd");
  REQUIRE(made.ok());
  DbClient& client = **made;
  const NodeStatus node = cluster.nodes()[0];
  ClientTarget target;
  target.node = {node.ip, node.client_port};
  target.source = 0x7F000002;  // any address of 127/8 is ours
  client.open(target);

  OpRequest read = request(OpKind::read);
  OpRequest write = request(OpKind::write);
  OpRequest cas = request(OpKind::cas);
  Outcome out = client.invoke(read);
  CHECK(out.type == EventType::ok);
  CHECK_FALSE(out.value.has_value());
  out = client.invoke(cas);  // expects 3, the key is absent
  CHECK(out.error == OpErrorClass::mismatch);
  CHECK(out.has_observed);
  CHECK_FALSE(out.observed.has_value());
  CHECK(client.invoke(write).type == EventType::ok);  // 7
  CHECK(client.invoke(read).value == 7);
  out = client.invoke(cas);  // expects 3, there is 7
  CHECK(out.error == OpErrorClass::mismatch);
  CHECK(out.observed == 7);
  cas.expected = 7;
  cas.value = -12;
  CHECK(client.invoke(cas).type == EventType::ok);
  CHECK(client.invoke(read).value == -12);
  OpRequest create = cas;
  create.key = "k2";
  create.expected = std::nullopt;  // "absent"
  CHECK(client.invoke(create).type == EventType::ok);
  CHECK(client.invoke(create).observed == -12);

  target.reads = "serializable";
  client.open(target);
  CHECK(client.invoke(read).value == -12);
  const auto view = client.view();
  REQUIRE(view.ok());
  CHECK(view->self == view->leader);
  CHECK(view->term >= 2);
  Probe probe(cluster, monotonic_clock());
  const auto leader = probe.find_leader(5 * kSecond, nullptr);
  REQUIRE(leader.ok());
  CHECK(*leader == "n1");

  REQUIRE(cluster.signal("n1", SIGSTOP).ok());
  target.timeout = 300 * kMillisecond;
  client.open(target);
  out = client.invoke(write);
  CHECK(out.type == EventType::info);
  CHECK(out.error == OpErrorClass::timeout);
  CHECK(client.invoke(read).type == EventType::fail);
  REQUIRE(cluster.signal("n1", SIGCONT).ok());
  REQUIRE(cluster.signal("n1", SIGKILL).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  out = client.invoke(write);
  CHECK(out.type == EventType::fail);
  CHECK(out.error == OpErrorClass::refused);
}

TEST_CASE("clients: systems without an adapter are refused, with the list") {
  const std::vector<std::string> known = known_clients();
  for (const char* name : {"etcd", "embedded", "exec"}) {
    CHECK(std::count(known.begin(), known.end(), name) == 1);
  }
  const auto made = make_client("cassandra");
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().code == ErrorCode::unsupported);
  CHECK(made.error().message.find("etcd") != std::string::npos);
}

}  // namespace sunder::harness::etcd_client_test
