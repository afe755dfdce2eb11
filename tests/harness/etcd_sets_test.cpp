// Sets on etcd: outcomes and pages on canned answers, and a real etcd where one is installed.
#include <set>

#include "harness/client.hpp"
#include "harness/etcd/gateway.hpp"
#include "tests/harness/real_etcd.hpp"
#include "tests/harness/small_node.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::etcd_sets_test {

using namespace etcd;
using namespace test;
using check::OpKind;

namespace {

HttpAnswer answer(int status, const std::string& body) {
  return {HttpEnd::answered, status, body, ""};
}

}  // namespace

TEST_CASE("etcd: sets: outcomes, and pages of one revision") {
  std::vector<std::string> bodies;
  std::vector<HttpAnswer> answers;
  const Post post = [&](const char* /*path*/, const std::string& body) {
    bodies.push_back(body);
    return answers.at(bodies.size() - 1);
  };
  SECTION("an add is done only if the answer says so") {
    answers = {answer(200, R"({"succeeded":true})"),
               answer(200, "{}"),
               {HttpEnd::timeout, 0, "", "x"},
               {HttpEnd::refused, 0, "", "x"}};
    CHECK(add_element(request(OpKind::add), post).type == EventType::ok);
    CHECK(add_element(request(OpKind::add), post).error == OpErrorClass::reset);
    Outcome out = add_element(request(OpKind::add), post);
    CHECK(out.type == EventType::info);
    CHECK(out.error == OpErrorClass::timeout);
    CHECK(add_element(request(OpKind::add), post).type == EventType::fail);
  }
  SECTION("a full page is followed by one of the same revision, behind its last key") {
    const std::size_t kFull = 2000;
    std::string keys;
    for (std::size_t i = 0; i < kFull; ++i) {
      keys +=
          std::string(i > 0 ? "," : "") + "{\"key\":\"" + base64("k1/" + std::to_string(i)) + "\"}";
    }
    answers = {answer(200, R"({"header":{"revision":"77"},"kvs":[)" + keys + "]}"),
               answer(200, R"({"header":{"revision":"80"},"kvs":[{"key":"azEvOTk5OQ=="}]})")};
    const Outcome out = read_set(request(OpKind::read), post, false);
    REQUIRE(out.type == EventType::ok);
    REQUIRE(out.list.has_value());
    CHECK(out.list->size() == kFull + 1);
    CHECK(out.list->back() == 9999);
    REQUIRE(bodies.size() == 2);
    CHECK(bodies[0].find("revision") == std::string::npos);
    CHECK(bodies[1].find(R"("revision":"77")") != std::string::npos);
    CHECK(bodies[1].find(key_member(std::string("k1/1999") + '\0')) != std::string::npos);
  }
  SECTION("what is not understood is no set, and never a part of one") {
    answers = {answer(200, R"({"header":{"revision":"7"},"kvs":[{"key":"azEveA=="}]})"),  // k1/x
               answer(200, R"({"header":{"revision":"7"},"kvs":[{"value":""}]})"),
               answer(200, R"({"kvs":[]})"),
               {HttpEnd::timeout, 0, "", "x"}};
    CHECK(read_set(request(OpKind::read), post, false).error == OpErrorClass::definite);
    CHECK(read_set(request(OpKind::read), post, false).error == OpErrorClass::reset);
    CHECK(read_set(request(OpKind::read), post, true).error == OpErrorClass::reset);
    CHECK(bodies[2].find(R"("serializable":true)") != std::string::npos);
    CHECK(read_set(request(OpKind::read), post, false).type == EventType::fail);
  }
}

TEST_CASE("etcd: a real node: sets, larger than a page too", "[etcd]") {
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
  client.open(target);

  OpRequest read = request(OpKind::read);
  OpRequest add = request(OpKind::add);
  CHECK_FALSE(client.invoke(read).list.has_value());
  for (const std::int64_t element : {5, -3, 5}) {
    add.value = element;
    CHECK(client.invoke(add).type == EventType::ok);
  }
  // Neighbours: a set whose name begins with this one's, and a value.
  add.key = read.key + "0";
  CHECK(client.invoke(add).type == EventType::ok);
  OpRequest write = request(OpKind::write);
  write.key = read.key + "-";
  CHECK(client.invoke(write).type == EventType::ok);
  for (const char* reads : {"linearizable", "serializable"}) {
    target.reads = reads;
    client.open(target);
    const Outcome out = client.invoke(read);
    REQUIRE(out.list.has_value());
    CHECK(std::set<std::int64_t>(out.list->begin(), out.list->end()) ==
          std::set<std::int64_t>{-3, 5});
    CHECK(out.list->size() == 2);
  }

  // Many at once, as no client would: etcd takes 128 changes in a transaction.
  HttpConnection http(target.node, 0);
  constexpr int kMany = 4100;
  for (int i = 0; i < kMany; i += 100) {
    std::string puts;
    for (int j = i; j < i + 100; ++j) {
      puts += std::string(puts.empty() ? "" : ",") + "{\"request_put\":{" +
              key_member(read.key + "/" + std::to_string(100 + j)) + "}}";
    }
    REQUIRE(http.post("/v3/kv/txn", "{\"success\":[" + puts + "]}", 5 * kSecond).status == 200);
  }
  const Outcome out = client.invoke(read);
  REQUIRE(out.list.has_value());
  CHECK(out.list->size() == kMany + 2);
  CHECK(std::set<std::int64_t>(out.list->begin(), out.list->end()).size() == kMany + 2);
}

}  // namespace sunder::harness::etcd_sets_test
