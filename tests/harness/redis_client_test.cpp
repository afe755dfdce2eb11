// Redis' adapter on a real redis-server that the test starts, and the table of outcomes: rows that a real server brings by
// that server, what a server that hangs and breaks brings by small ones. A real cluster: tests/cluster/redis_test.py.
#include <memory>

#include "harness/client.hpp"
#include "harness/redis/commands.hpp"
#include "tests/harness/real_redis.hpp"
#include "tests/harness/small_node.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::redis_client_test {

using namespace redis;
using check::OpKind;
using real_redis::Server;
using test::say;
using test::SmallNode;

namespace {

OpRequest request(OpKind kind, const std::string& key = "k1", std::int64_t value = 7) {
  OpRequest out;
  out.kind = kind;
  out.key = key;
  out.value = value;
  return out;
}

OpRequest cas(std::optional<std::int64_t> expected, std::int64_t value) {
  OpRequest out = request(OpKind::cas, "k1", value);
  out.expected = expected;
  return out;
}

OpRequest txn(std::vector<MicroRequest> ops) {
  OpRequest out = request(OpKind::txn, "");
  out.txn = std::move(ops);
  return out;
}

OpRequest transfer(std::int64_t amount) {
  OpRequest out = request(OpKind::transfer, "", amount);
  out.from = "a";
  out.to = "b";
  return out;
}

std::unique_ptr<DbClient> client_of(IpPort where, std::map<std::string, std::string> options = {}) {
  auto client = make_client("redis");
  REQUIRE(client.ok());
  ClientTarget target;
  target.node = where;
  target.timeout = kSecond;
  target.options = std::move(options);
  (*client)->open(target);
  return std::move(*client);
}

bool is(const Outcome& outcome, EventType type, OpErrorClass error) {
  INFO(outcome.text);
  return outcome.type == type && outcome.error == error;
}

// As a client tells it: a lock whose release was refused ends by itself, at some time.
bool refused(const OpRequest& request, const Outcome& outcome) {
  return request.kind == OpKind::release ? is(outcome, EventType::info, OpErrorClass::reset)
                                         : is(outcome, EventType::fail, OpErrorClass::refused);
}

// Everything that changes something and is refused as a whole.
std::vector<OpRequest> changes() {
  return {request(OpKind::write),
          request(OpKind::increment),
          request(OpKind::add, "s"),
          cas(std::nullopt, 3),
          txn({{false, "l", 0}, {true, "l", 5}}),
          transfer(1),
          request(OpKind::acquire),
          request(OpKind::release)};
}

Outcome error_of(const OpRequest& request, const std::string& text) {
  Answer answer;
  answer.reply.kind = Reply::Kind::error;
  answer.reply.text = text;
  return outcome_of(request, answer);
}

Outcome broken(const OpRequest& request, StreamEnd end) {
  Answer answer;
  answer.step = {end, "x"};
  return outcome_of(request, answer);
}

}  // namespace

TEST_CASE("redis: replies are cut out of any pieces", "[redis]") {
  CHECK(command({"GET", "k"}) == "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
  const std::string bytes = "*3\r\n:-5\r\n$2\r\n12\r\n*1\r\n$-1\r\n";
  Replies replies;
  Reply reply;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    replies.feed(bytes.substr(i, 1));
    REQUIRE(replies.take(&reply) == Taken::more);
  }
  replies.feed(bytes.substr(bytes.size() - 1));
  REQUIRE(replies.take(&reply) == Taken::reply);
  REQUIRE(reply.items.size() == 3);
  CHECK(reply.items[0].number == -5);
  CHECK(reply.items[1].text == "12");
  CHECK(reply.items[2].items[0].kind == Reply::Kind::null);
  replies.feed("HTTP/1.1 400 Bad Request\r\n");
  CHECK(replies.take(&reply) == Taken::broken);
}

TEST_CASE("redis: operations on a real server", "[redis]") {
  if (!real_redis::installed()) return;
  Server server;
  auto client = client_of(server.where());
  const auto done = [&](const OpRequest& op) { return client->invoke(op).type == EventType::ok; };

  CHECK_FALSE(client->invoke(request(OpKind::read)).value.has_value());
  CHECK(done(cas(std::nullopt, 3)));
  Outcome mismatch = client->invoke(cas(std::nullopt, 4));
  CHECK(is(mismatch, EventType::fail, OpErrorClass::mismatch));
  CHECK(mismatch.observed == 3);
  CHECK(done(cas(3, 5)));
  CHECK(client->invoke(request(OpKind::read)).value == 5);
  CHECK(done(request(OpKind::write, "k1", -8)));
  CHECK(client->invoke(cas(5, 6)).observed == -8);
  CHECK(done(request(OpKind::increment, "c", 4)));
  CHECK(done(request(OpKind::increment, "c", 5)));
  CHECK(client->invoke(request(OpKind::read, "c")).value == 9);

  CHECK(done(request(OpKind::add, "s", 1)));
  CHECK(done(request(OpKind::add, "s", 2)));
  CHECK(client->invoke(request(OpKind::read, "s")).list == std::vector<std::int64_t>{1, 2});

  const Outcome lists =
      client->invoke(txn({{false, "l", 0}, {true, "l", 5}, {true, "l", 6}, {false, "l", 0}}));
  REQUIRE(lists.lists.size() == 2);
  CHECK_FALSE(lists.lists[0].has_value());
  CHECK(lists.lists[1] == std::vector<std::int64_t>{5, 6});

  CHECK(done(request(OpKind::write, "a", 10)));
  CHECK(done(transfer(4)));
  CHECK(is(client->invoke(transfer(7)), EventType::fail, OpErrorClass::mismatch));
  OpRequest accounts = request(OpKind::read, "");
  accounts.accounts = {"a", "b", "nobody"};
  CHECK(client->invoke(accounts).balances ==
        std::map<std::string, std::int64_t>{{"a", 6}, {"b", 4}});
  CHECK(client->view()->leader == client->view()->self);
}

TEST_CASE("redis: a lock is one's own, and ends by itself", "[redis]") {
  if (!real_redis::installed()) return;
  Server server;
  auto client = client_of(server.where(), {{"lock_time_ms", "300"}});
  const auto acquire = [&](std::int64_t who) {
    return client->invoke(request(OpKind::acquire, "lock", who));
  };
  const auto release = [&](std::int64_t who) {
    return client->invoke(request(OpKind::release, "lock", who));
  };
  CHECK(acquire(1).type == EventType::ok);
  CHECK(is(acquire(2), EventType::fail, OpErrorClass::mismatch));
  CHECK(is(release(2), EventType::fail, OpErrorClass::mismatch));
  CHECK(release(1).type == EventType::ok);
  CHECK(acquire(3).type == EventType::ok);
  bool taken = true;
  for (int i = 0; i < 200 && taken; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    taken = acquire(4).type != EventType::ok;
  }
  CHECK_FALSE(taken);
  CHECK(is(release(3), EventType::fail, OpErrorClass::mismatch));
}

TEST_CASE("redis: servers that refuse a change refuse all of it", "[redis]") {
  if (!real_redis::installed()) return;
  const OpRequest read = request(OpKind::read);
  Server primary;
  {
    // Replicas take no writes, not even a script that would not have come to them; they answer reads.
    Server replica({"--replicaof", "127.0.0.1", std::to_string(primary.where().port)});
    auto client = client_of(replica.where());
    for (const OpRequest& op : changes()) {
      const Outcome outcome = client->invoke(op);
      CHECK(refused(op, outcome));
      CHECK(outcome.text.rfind("READONLY", 0) == 0);
    }
    CHECK(client->invoke(read).type == EventType::ok);
    CHECK(client->invoke(txn({{false, "l", 0}})).type == EventType::ok);
    CHECK(client->view()->leader == to_string(primary.where()));
    CHECK(client->view()->self == to_string(replica.where()));
  }
  {
    Server replica({"--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "no"});
    const Outcome outcome = client_of(replica.where())->invoke(read);
    CHECK(is(outcome, EventType::fail, OpErrorClass::refused));
    CHECK(outcome.text.rfind("MASTERDOWN", 0) == 0);
  }
  {
    Server alone({"--min-replicas-to-write", "1"});
    auto client = client_of(alone.where());
    for (const OpRequest& op : changes()) {
      const Outcome outcome = client->invoke(op);
      CHECK(refused(op, outcome));
      CHECK(outcome.text.rfind("NOREPLICAS", 0) == 0);
    }
    CHECK(client->invoke(read).type == EventType::ok);
  }
}

TEST_CASE("redis: other errors, and a write for which nobody waits", "[redis]") {
  if (!real_redis::installed()) return;
  Server server;
  auto client = client_of(server.where());
  CHECK(client->invoke(request(OpKind::add, "s", 1)).type == EventType::ok);
  CHECK(
      is(client->invoke(request(OpKind::increment, "s")), EventType::fail, OpErrorClass::definite));
  // A script that breaks off keeps what it had done: here the first append.
  CHECK(is(client->invoke(txn({{true, "l", 1}, {true, "s", 2}})), EventType::info,
           OpErrorClass::definite));
  CHECK(client->invoke(txn({{false, "l", 0}})).lists[0] == std::vector<std::int64_t>{1});

  auto waits = client_of(server.where(), {{"wait", "1"}});
  CHECK(is(waits->invoke(request(OpKind::write)), EventType::info, OpErrorClass::definite));
  CHECK(waits->invoke(request(OpKind::read)).value == 7);
  CHECK(is(waits->invoke(cas(1, 2)), EventType::fail, OpErrorClass::mismatch));
}

TEST_CASE("redis: a server that stands still, dies and is gone", "[redis]") {
  if (!real_redis::installed()) return;
  Server server;
  auto client = client_of(server.where());
  CHECK(client->invoke(request(OpKind::write)).type == EventType::ok);
  server.signal(SIGSTOP);
  CHECK(is(client->invoke(request(OpKind::write)), EventType::info, OpErrorClass::timeout));
  CHECK(is(client->invoke(request(OpKind::read)), EventType::fail, OpErrorClass::timeout));
  server.end();
  CHECK(is(client->invoke(request(OpKind::write)), EventType::fail, OpErrorClass::refused));
}

TEST_CASE("redis: connections that break, and what a server can't be made to say", "[redis]") {
  SmallNode breaks([](int fd) { harness::test::take(fd, 4); });
  CHECK(is(client_of(breaks.where)->invoke(request(OpKind::write)), EventType::info,
           OpErrorClass::reset));
  CHECK(is(client_of(breaks.where)->invoke(request(OpKind::read)), EventType::fail,
           OpErrorClass::reset));
  SmallNode strange([](int fd) {
    harness::test::take(fd, 4);
    say(fd, "HTTP/1.1 400\r\n");
  });
  CHECK(is(client_of(strange.where)->invoke(request(OpKind::write)), EventType::info,
           OpErrorClass::reset));
  // WAIT speaks of the writes of its own connection: it is not asked on another.
  SmallNode once([](int fd) {
    harness::test::take(fd, command({"SET", "k1", "7"}).size());
    say(fd, "+OK\r\n");
  });
  CHECK(is(client_of(once.where, {{"wait", "1"}})->invoke(request(OpKind::write)), EventType::info,
           OpErrorClass::reset));
  CHECK(once.connections == 1);
  for (const OpRequest& op : changes()) {
    for (const char* code : {"LOADING", "CLUSTERDOWN", "MISCONF", "BUSY"}) {
      CHECK(is(error_of(op, std::string(code) + " text"), EventType::fail, OpErrorClass::refused));
    }
    CHECK(is(broken(op, StreamEnd::not_sent), EventType::fail, OpErrorClass::not_sent));
    CHECK(is(broken(op, StreamEnd::timeout), EventType::info, OpErrorClass::timeout));
  }
}

}  // namespace sunder::harness::redis_client_test
