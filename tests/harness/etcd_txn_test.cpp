// etcd's transactions and locks: the table of outcomes on canned answers, and a real etcd where one is installed.
#include <chrono>
#include <deque>
#include <thread>

#include "harness/client.hpp"
#include "harness/etcd/gateway.hpp"
#include "tests/harness/real_etcd.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::etcd_txn_test {

using namespace etcd;
using check::OpKind;
using List = std::vector<std::int64_t>;

namespace {

// A gateway that gives these answers, one after the other, and keeps what it was asked.
struct Script {
  std::deque<HttpAnswer> answers;
  std::vector<std::string> asked;
  Post post() {
    return [this](const char* path, const std::string& body) {
      asked.push_back(std::string(path) + ' ' + body);
      REQUIRE_FALSE(answers.empty());
      HttpAnswer out = answers.front();
      answers.pop_front();
      return out;
    };
  }
};

HttpAnswer said(const std::string& body) {
  return {HttpEnd::answered, 200, body, ""};
}

HttpAnswer ended(HttpEnd end) {
  return {end, 0, "", "x"};
}

std::string range(const std::string& value, const std::string& revision) {
  if (value.empty()) return R"({"response_range":{}})";
  return R"({"response_range":{"kvs":[{"value":")" + base64(value) + R"(","mod_revision":")" +
         revision + R"("}]}})";
}

std::string ranges(const std::string& list) {
  return R"({"responses":[)" + list + "]}";
}

OpRequest lists(std::vector<MicroRequest> micros) {
  return {.kind = OpKind::txn, .txn = std::move(micros)};
}

const MicroRequest kRead{false, "k1", 0};
const MicroRequest kAppend{true, "k1", 7};

}  // namespace

TEST_CASE("etcd: a transaction reads, then writes where nothing has changed") {
  Script script;
  script.answers = {said(ranges(range("1,2", "9") + ',' + range("", ""))),
                    said(R"({"succeeded":true})")};
  const OpRequest request = lists({kRead, kAppend, {true, "k2", 8}, kRead});
  const Outcome out = transact(request, script.post(), false);
  CHECK(out.type == EventType::ok);
  REQUIRE(out.lists.size() == 2);
  CHECK(out.lists[0] == List{1, 2});
  CHECK(out.lists[1] == List{1, 2, 7});
  REQUIRE(script.asked.size() == 2);
  CHECK(script.asked[1].find(R"("target":"MOD","mod_revision":"9")") != std::string::npos);
  CHECK(script.asked[1].find(R"("target":"VERSION","version":"0")") != std::string::npos);
  CHECK(script.asked[1].find(base64("1,2,7")) != std::string::npos);
  CHECK(script.asked[1].find(base64("8")) != std::string::npos);
}

TEST_CASE("etcd: outcomes of transactions") {
  const auto judged = [](const OpRequest& request, std::deque<HttpAnswer> answers) {
    Script script;
    script.answers = std::move(answers);
    const Outcome out = transact(request, script.post(), false);
    CHECK(script.answers.empty());
    return std::pair(out.type, out.error);
  };
  const auto fail = [](OpErrorClass error) { return std::pair(EventType::fail, error); };
  const auto info = [](OpErrorClass error) { return std::pair(EventType::info, error); };
  const OpRequest append = lists({kAppend});
  const std::string seen = ranges(range("1", "9"));
  // Before anything was written.
  CHECK(judged(append, {ended(HttpEnd::timeout)}) == fail(OpErrorClass::timeout));
  CHECK(judged(append, {ended(HttpEnd::reset)}) == fail(OpErrorClass::reset));
  CHECK(judged(append, {ended(HttpEnd::refused)}) == fail(OpErrorClass::refused));
  CHECK(judged(append, {said("[]")}) == fail(OpErrorClass::reset));
  CHECK(judged(append, {said(ranges(range("what", "9")))}) == fail(OpErrorClass::definite));
  // While it was written.
  CHECK(judged(append, {said(seen), said("{}")}) == fail(OpErrorClass::mismatch));
  CHECK(judged(append, {said(seen), ended(HttpEnd::timeout)}) == info(OpErrorClass::timeout));
  CHECK(judged(append, {said(seen), ended(HttpEnd::reset)}) == info(OpErrorClass::reset));
  CHECK(judged(append, {said(seen), ended(HttpEnd::not_sent)}) == fail(OpErrorClass::not_sent));
  CHECK(judged(lists({kRead}), {said(seen)}).first == EventType::ok);
  CHECK(judged(lists({kRead}), {ended(HttpEnd::timeout)}) == fail(OpErrorClass::timeout));

  OpRequest transfer{.kind = OpKind::transfer, .value = 5, .from = "k1", .to = "k2"};
  const std::string both = ranges(range("5", "3") + ',' + range("100", "4"));
  CHECK(judged(transfer, {said(both), said(R"({"succeeded":true})")}).first == EventType::ok);
  CHECK(judged(transfer, {said(both), ended(HttpEnd::timeout)}) == info(OpErrorClass::timeout));
  CHECK(judged(transfer, {said(ranges(range("5", "3") + ',' + range("", "")))}) ==
        fail(OpErrorClass::definite));
  transfer.value = 6;
  CHECK(judged(transfer, {said(both)}) == fail(OpErrorClass::mismatch));
}

TEST_CASE("etcd: an increment begins at 0, and writes where nothing has changed") {
  const OpRequest more{.kind = OpKind::increment, .key = "k1", .value = 5};
  Script script;
  script.answers = {said(ranges(range("", ""))), said(R"({"succeeded":true})"),
                    said(ranges(range("37", "8"))), said("{}")};
  CHECK(transact(more, script.post(), true).type == EventType::ok);
  CHECK(script.asked.back().find("\"value\":\"" + base64("5") + '"') != std::string::npos);
  CHECK(transact(more, script.post(), true).error == OpErrorClass::mismatch);
  CHECK(script.asked.back().find("\"value\":\"" + base64("42") + '"') != std::string::npos);
  CHECK(script.asked.back().find("\"mod_revision\":\"8\"") != std::string::npos);
}

TEST_CASE("etcd: outcomes of locks") {
  const std::string lease = R"({"ID":"77","TTL":"2"})";
  const OpRequest acquire{.kind = OpKind::acquire, .key = "k1", .value = 5};
  const OpRequest release{.kind = OpKind::release, .key = "k1", .value = 5};
  Locks locks(2 * kSecond);
  Script script;
  const auto asked = [&](const OpRequest& request, std::deque<HttpAnswer> answers) {
    script.answers = std::move(answers);
    const Outcome out = locks.invoke(request, script.post(), monotonic_clock());
    CHECK(script.answers.empty());
    return out;
  };
  CHECK(asked(acquire, {ended(HttpEnd::timeout)}).type ==
        EventType::fail);  // only a lease was asked for
  const Outcome got =
      asked(acquire, {said(lease), said(R"({"header":{"revision":"12"},"succeeded":true})")});
  CHECK(got.type == EventType::ok);
  CHECK(got.value == 12);
  CHECK(script.asked.back().find(R"("lease":"77")") != std::string::npos);
  // The lease is fresh: it is used again.
  CHECK(asked(acquire, {said("{}")}).error == OpErrorClass::mismatch);
  CHECK(asked(acquire, {ended(HttpEnd::timeout)}).type == EventType::info);
  CHECK(asked(release, {said(R"({"succeeded":true})")}).type == EventType::ok);
  CHECK(asked(release, {said("{}")}).error == OpErrorClass::mismatch);
  // What did not arrive is open, too: the lock ends by itself.
  for (const HttpEnd end :
       {HttpEnd::reset, HttpEnd::timeout, HttpEnd::refused, HttpEnd::not_sent}) {
    const Outcome out = asked(release, {ended(end)});
    CHECK(out.type == EventType::info);
    CHECK((out.error == OpErrorClass::reset || out.error == OpErrorClass::timeout));
  }
}

TEST_CASE("etcd: transactions, accounts and locks of a real one") {
  if (!real_etcd::installed()) {
    WARN("etcd is not installed: skipped");
    return;
  }
  real_etcd::Cluster cluster(1);
  REQUIRE(Probe(cluster, monotonic_clock()).wait_serving(30 * kSecond, nullptr));
  ClientTarget target;
  target.node = {real_etcd::kLoopback, cluster.nodes().front().client_port};
  auto made = make_client("etcd");
  REQUIRE(made.ok());
  DbClient& client = **made;
  client.open(target);

  CHECK(client.invoke(lists({kRead})).lists.at(0) == std::nullopt);
  CHECK(client.invoke(lists({kAppend, {true, "k1", 8}, {true, "k2", 9}})).type == EventType::ok);
  const Outcome read = client.invoke(lists({kRead, {false, "k2", 0}}));
  CHECK(read.lists.at(0) == List{7, 8});
  CHECK(read.lists.at(1) == List{9});

  for (const char* account : {"a", "b"}) {
    CHECK(client.invoke({.kind = OpKind::write, .key = account, .value = 100}).type ==
          EventType::ok);
  }
  CHECK(client.invoke({.kind = OpKind::transfer, .value = 30, .from = "a", .to = "b"}).type ==
        EventType::ok);
  CHECK(client.invoke({.kind = OpKind::transfer, .value = 71, .from = "a", .to = "b"}).error ==
        OpErrorClass::mismatch);
  const Outcome all = client.invoke({.accounts = {"a", "b"}});
  CHECK(all.balances == std::map<std::string, std::int64_t>{{"a", 70}, {"b", 130}});

  auto other = make_client("etcd");
  REQUIRE(other.ok());
  (*other)->open(target);
  const OpRequest mine{.kind = OpKind::acquire, .key = "lock", .value = 1};
  const OpRequest theirs{.kind = OpKind::acquire, .key = "lock", .value = 2};
  const Outcome first = client.invoke(mine);
  REQUIRE(first.type == EventType::ok);
  CHECK((*other)->invoke(theirs).error == OpErrorClass::mismatch);
  CHECK((*other)->invoke({.kind = OpKind::release, .key = "lock", .value = 2}).error ==
        OpErrorClass::mismatch);
  CHECK(client.invoke({.kind = OpKind::release, .key = "lock", .value = 1}).type == EventType::ok);
  const Outcome second = (*other)->invoke(theirs);
  REQUIRE(second.type == EventType::ok);
  CHECK(*second.value > *first.value);
  // Nobody releases it: it ends with its lease. etcd looks for ended leases twice a second.
  Outcome third;
  for (int i = 0; i < 100 && third.type != EventType::ok; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    third = client.invoke(mine);
  }
  REQUIRE(third.type == EventType::ok);
  CHECK(*third.value > *second.value);
}

}  // namespace sunder::harness::etcd_txn_test
