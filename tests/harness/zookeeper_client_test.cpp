// ZooKeeper's adapter: the bytes, every row of the table of errors, and what is told about nodes that refuse, hang, break
// and expire sessions, on small servers that do so on purpose. Real clusters: tests/cluster/zookeeper_test.py.
#include <memory>
#include <set>

#include "harness/client.hpp"
#include "harness/zookeeper/session.hpp"
#include "harness/zookeeper/wire.hpp"
#include "tests/harness/real_etcd.hpp"
#include "tests/harness/small_zookeeper.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::zookeeper_client_test {

using namespace zookeeper;
using namespace test;
using check::OpKind;

namespace {

std::unique_ptr<DbClient> client_of(const SmallNode& node, const std::string& reads = "plain") {
  auto client = make_client("zookeeper");
  REQUIRE(client.ok());
  ClientTarget target;
  target.node = node.where;
  target.timeout = 400 * kMillisecond;
  target.options["reads"] = reads;
  (*client)->open(target);
  return std::move(*client);
}

Answer answered(std::int32_t error) {
  return {End::answered, error, "", ""};
}

}  // namespace

TEST_CASE("zookeeper: numbers and texts both ways, and nothing is read beyond the end") {
  Writer out;
  out.number(-2).number64(-9'000'000'000).number64(9'000'000'000).text("abc").text("").flag(true);
  Reader in(out.bytes());
  CHECK(in.number() == -2);
  CHECK(in.number64() == -9'000'000'000);
  CHECK(in.number64() == 9'000'000'000);
  CHECK(in.text() == "abc");
  CHECK(in.text().empty());
  CHECK(in.rest() == std::string_view("\1", 1));
  CHECK(in.ok());
  CHECK(in.number() == 0);
  CHECK_FALSE(in.ok());
  Reader lies(std::string_view("\0\0\1\0ab", 6));
  CHECK(lies.text().empty());
  CHECK_FALSE(lies.ok());
  const auto data = data_of(data_body("42", 9));
  REQUIRE(data.has_value());
  CHECK(data->value == 42);
  CHECK(data->version == 9);
  CHECK(data->children == 0);
  CHECK(data_of(data_body("", 9, 3))->children == 3);
  CHECK_FALSE(data_of(data_body("42", 9).substr(0, 73)).has_value());
  CHECK_FALSE(data_of(data_body("4x", 1))->value.has_value());
}

TEST_CASE("zookeeper: every row of the table of errors") {
  std::set<std::int32_t> codes;
  for (const ErrorRow& row : error_table()) {
    CAPTURE(row.name);
    CHECK(codes.insert(row.code).second);
    const Outcome write = outcome_of(request(OpKind::write), answered(row.code));
    CHECK(write.type == row.type);
    CHECK(write.error == row.error);
    CHECK(write.text == row.name);
    CHECK((row.type == EventType::info) ==
          (row.error == OpErrorClass::reset || row.error == OpErrorClass::timeout));
    CHECK(outcome_of(request(OpKind::read), answered(row.code)).type == EventType::fail);
  }
  const std::set<std::int32_t> open{-1, -2, -3, -4, -7, -122};
  for (const ErrorRow& row : error_table()) {
    CHECK((row.type == EventType::info) == (open.count(row.code) == 1));
  }
  CHECK(outcome_of(request(OpKind::cas), answered(kBadVersion)).error == OpErrorClass::mismatch);
  CHECK(outcome_of(request(OpKind::write), answered(-999)).type == EventType::info);
  for (const OpKind kind : {OpKind::write, OpKind::cas}) {
    CHECK(outcome_of(request(kind), {End::reset, kOk, "", "x"}).type == EventType::info);
    CHECK(outcome_of(request(kind), {End::timeout, kOk, "", "x"}).error == OpErrorClass::timeout);
    CHECK(outcome_of(request(kind), {End::refused, kOk, "", "x"}).type == EventType::fail);
    CHECK(outcome_of(request(kind), {End::not_sent, kOk, "", "x"}).error == OpErrorClass::not_sent);
  }
}

TEST_CASE("zookeeper: what srvr says") {
  const auto server = server_of("Latency: 0\nZxid: 0x500000003\nMode: leader\nNode count: 5\n");
  REQUIRE(server.has_value());
  CHECK(server->mode == "leader");
  CHECK(server->epoch == 5);
  CHECK_FALSE(server_of("This ZooKeeper instance is not currently serving requests\n").has_value());
}

TEST_CASE("zookeeper: nobody listens, or the node ends the session's hello") {
  IpPort nobody{kLoopback, real_etcd::free_port()};
  auto client = make_client("zookeeper");
  REQUIRE(client.ok());
  ClientTarget target;
  target.node = nobody;
  (*client)->open(target);
  CHECK((*client)->invoke(request(OpKind::write)).error == OpErrorClass::refused);
  SmallNode busy([](int fd) { take_frame(fd); });
  const Outcome out = client_of(busy)->invoke(request(OpKind::write));
  CHECK(out.type == EventType::fail);
  CHECK(out.error == OpErrorClass::refused);
  SmallNode silent([](int fd) {
    while (!take_frame(fd).empty()) {
    }
  });
  CHECK(client_of(silent)->invoke(request(OpKind::write)).error == OpErrorClass::not_sent);
}

TEST_CASE(
    "zookeeper: a write that was sent is unknown when the connection breaks or nothing comes") {
  Ask ask;
  SmallNode breaks([&](int fd) { greet(fd) && take_ask(fd, &ask); });
  Outcome out = client_of(breaks)->invoke(request(OpKind::write));
  CHECK(out.type == EventType::info);
  CHECK(out.error == OpErrorClass::reset);
  CHECK(client_of(breaks)->invoke(request(OpKind::read)).type == EventType::fail);
  SmallNode hangs([&](int fd) {
    if (!greet(fd)) return;
    while (take_ask(fd, &ask)) {
    }
  });
  out = client_of(hangs)->invoke(request(OpKind::write));
  CHECK(out.type == EventType::info);
  CHECK(out.error == OpErrorClass::timeout);
  // A cas that never came to its change surely did nothing.
  CHECK(client_of(hangs)->invoke(request(OpKind::cas)).type == EventType::fail);
}

TEST_CASE("zookeeper: a session that expired is followed by a new one before anything is sent") {
  std::atomic<int> hellos{0};
  SmallNode node([&](int fd) {
    Ask ask;
    const int number = ++hellos;
    // The second hello takes up the session of the first, which has expired.
    if (number == 2) {
      greet(fd, 0, 0);
      return;
    }
    if (!greet(fd) || !take_ask(fd, &ask)) return;
    reply(fd, ask, kOk, data_body("3", 1));
  });
  auto client = client_of(node);
  CHECK(client->invoke(request(OpKind::read)).value == 3);
  CHECK(client->invoke(request(OpKind::read)).value == 3);
  CHECK(hellos == 3);
}

TEST_CASE("zookeeper: calls of reads, writes and cas") {
  std::vector<std::pair<Call, std::string>> asked;
  std::string there = "3";
  SmallNode node([&](int fd) {
    if (!greet(fd)) return;
    for (Ask ask; take_ask(fd, &ask);) {
      asked.emplace_back(ask.call, ask.path);
      if (ask.call == Call::get_data) {
        there.empty() ? reply(fd, ask, kNoNode) : reply(fd, ask, kOk, data_body(there, 4));
      } else if (ask.call == Call::create && !there.empty()) {
        reply(fd, ask, kNodeExists);
      } else if (ask.call == Call::set_data && ask.path == "/k1" && there.empty()) {
        reply(fd, ask, kNoNode);
      } else {
        reply(fd, ask, ask.call == Call::set_data && there == "9" ? kBadVersion : kOk);
      }
    }
  });
  using Calls = std::vector<std::pair<Call, std::string>>;
  SECTION("a sync and a write of its own precede the read") {
    CHECK(client_of(node, "sync")->invoke(request(OpKind::read)).value == 3);
    CHECK(client_of(node, "quorum")->invoke(request(OpKind::read)).value == 3);
    CHECK(asked == Calls{{Call::sync, "/k1"},
                         {Call::get_data, "/k1"},
                         {Call::set_data, "/sunder-barrier"},
                         {Call::get_data, "/k1"}});
  }
  SECTION("absent is an answer, and a write makes the znode") {
    there.clear();
    const Outcome out = client_of(node)->invoke(request(OpKind::read));
    CHECK(out.type == EventType::ok);
    CHECK_FALSE(out.value.has_value());
    CHECK(client_of(node)->invoke(request(OpKind::write)).type == EventType::ok);
    CHECK(asked.back() == std::pair<Call, std::string>{Call::create, "/k1"});
  }
  SECTION("cas sets the version that it saw") {
    CHECK(client_of(node)->invoke(request(OpKind::cas)).type == EventType::ok);
    CHECK(asked == Calls{{Call::get_data, "/k1"}, {Call::set_data, "/k1"}});
  }
  SECTION("another value is told only after a quorum read") {
    there = "8";
    const Outcome out = client_of(node)->invoke(request(OpKind::cas));
    CHECK(out.error == OpErrorClass::mismatch);
    CHECK(out.observed == 8);
    CHECK(asked[1] == std::pair<Call, std::string>{Call::set_data, "/sunder-barrier"});
    OpRequest absent = request(OpKind::cas);
    absent.expected.reset();
    CHECK(client_of(node)->invoke(absent).error == OpErrorClass::mismatch);
  }
  SECTION("a version that is not the newest is a mismatch") {
    there = "9";
    OpRequest cas = request(OpKind::cas);
    cas.expected = 9;
    CHECK(client_of(node)->invoke(cas).error == OpErrorClass::mismatch);
  }
}

TEST_CASE("zookeeper: sets are children") {
  std::vector<std::pair<Call, std::string>> asked;
  bool there = true;
  SmallNode node([&](int fd) {
    if (!greet(fd)) return;
    for (Ask ask; take_ask(fd, &ask);) {
      asked.emplace_back(ask.call, ask.path);
      const bool child = ask.path == "/k1/7";
      if (ask.call == Call::get_data) {
        there ? reply(fd, ask, kOk, data_body("40", 4, child ? 0 : 2)) : reply(fd, ask, kNoNode);
      } else if (ask.call == Call::get_children) {
        reply(fd, ask, kOk, Writer().number(2).text("7").text("12").bytes());
      } else if (ask.call == Call::create) {
        reply(fd, ask, child && !there ? kNoNode : kOk);
        if (!child) there = true;
      } else {
        reply(fd, ask, kOk);
      }
    }
  });
  using Calls = std::vector<std::pair<Call, std::string>>;
  SECTION("a znode with children reads as a set") {
    const Outcome out = client_of(node)->invoke(request(OpKind::read));
    REQUIRE(out.list.has_value());
    CHECK(*out.list == std::vector<std::int64_t>{7, 12});
  }
  SECTION("the first element makes the set") {
    there = false;
    CHECK(client_of(node)->invoke(request(OpKind::add)).type == EventType::ok);
    CHECK(asked == Calls{{Call::create, "/k1/7"}, {Call::create, "/k1"}, {Call::create, "/k1/7"}});
  }
}

}  // namespace sunder::harness::zookeeper_client_test
