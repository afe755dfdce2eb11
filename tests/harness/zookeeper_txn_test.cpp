// ZooKeeper's transactions: one multi of versions that were seen, what is asked for it, and what its answer means; against a
// store that does what ZooKeeper does with versions. Real clusters: tests/cluster/zookeeper_test.py.
#include <functional>
#include <map>
#include <vector>

#include "harness/client.hpp"
#include "harness/zookeeper/transactions.hpp"
#include "tests/harness/small_zookeeper.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::zookeeper_txn_test {

using namespace zookeeper;
using namespace test;
using check::OpKind;

namespace {

// Data and versions by path. `meanwhile` runs before each multi, as another client would.
class Store {
 public:
  std::map<std::string, std::pair<std::string, std::int32_t>> znodes;
  std::function<void()> meanwhile = [] {};
  std::vector<Call> asked;
  int reads_prepared = 0;
  End multi_ends = End::answered;

  Outcome operator()(const OpRequest& request) {
    const Exchanges with{[this](Call call, const std::string& body) { return answer(call, body); },
                         [this](const std::string&) {
                           ++reads_prepared;
                           return Answer{End::answered, kOk, "", ""};
                         }};
    return transact_optimistically(request, store_of(request, with));
  }

 private:
  Answer answer(Call call, const std::string& body) {
    asked.push_back(call);
    if (call == Call::multi) return multi(body);
    Reader in(body);
    const std::string path = in.text();
    const bool there = znodes.count(path) == 1;
    if (call == Call::create) {
      if (there) return {End::answered, kNodeExists, "", ""};
      znodes[path] = {in.text(), 0};
      return {End::answered, kOk, "", ""};
    }
    if (!there) return {End::answered, kNoNode, "", ""};
    return {End::answered, kOk, data_body(znodes[path].first, znodes[path].second), ""};
  }

  Answer multi(const std::string& body) {
    meanwhile();
    if (multi_ends != End::answered) return {multi_ends, kOk, "", "broken"};
    auto next = znodes;
    Writer done;
    std::size_t parts = 0;
    std::size_t stopped = 0;  // the part that failed, from 1
    Reader in(body);
    for (;;) {
      const auto call = static_cast<Call>(in.number());
      if (in.flag()) break;
      in.number();
      const std::string path = in.text();
      const std::string data = call == Call::set_data ? in.text() : "";
      const std::int32_t version = in.number();
      ++parts;
      if (stopped == 0 && next[path].second != version) stopped = parts;
      if (call == Call::set_data) next[path] = {data, version + 1};
      done.number(static_cast<std::int32_t>(call)).flag(false).number(0);
      if (call == Call::set_data) done.text("a stat, which nobody reads");
    }
    if (stopped == 0) {
      znodes = next;
      return {End::answered, kOk, done.number(-1).flag(true).number(-1).bytes(), ""};
    }
    Writer failed;
    for (std::size_t part = 1; part <= parts; ++part) {
      const std::int32_t error = part < stopped ? 0 : part == stopped ? kBadVersion : -2;
      failed.number(-1).flag(false).number(error).number(error);
    }
    return {End::answered, kOk, failed.number(-1).flag(true).number(-1).bytes(), ""};
  }
};

OpRequest txn(std::vector<MicroRequest> micros) {
  OpRequest out;
  out.kind = OpKind::txn;
  out.txn = std::move(micros);
  return out;
}

OpRequest transfer(std::int64_t amount) {
  OpRequest out;
  out.kind = OpKind::transfer;
  out.from = "k1";
  out.to = "k2";
  out.value = amount;
  return out;
}

OpRequest read_all() {
  OpRequest out;
  out.accounts = {"k1", "k2"};
  return out;
}

using Lists = std::vector<std::optional<std::vector<std::int64_t>>>;

}  // namespace

TEST_CASE("zookeeper transactions: what a multi answers") {
  CHECK(error_of_multi(Writer().number(-1).flag(true).number(-1).bytes()) == kOk);
  CHECK(error_of_multi(Writer().number(13).flag(false).number(0).bytes()) == kOk);
  const std::string stopped = Writer()
                                  .number(-1)
                                  .flag(false)
                                  .number(0)
                                  .number(0)
                                  .number(-1)
                                  .flag(false)
                                  .number(kBadVersion)
                                  .number(kBadVersion)
                                  .bytes();
  CHECK(error_of_multi(stopped) == kBadVersion);
  CHECK_FALSE(error_of_multi(stopped.substr(0, stopped.size() - 1)).has_value());
  CHECK_FALSE(error_of_multi("").has_value());
}

TEST_CASE("zookeeper transactions: lists are appended to and read at one moment") {
  Store store;
  Outcome out = store(txn({{false, "k1", 0}, {true, "k1", 1}, {false, "k1", 0}, {true, "k2", 2}}));
  CHECK(out.type == EventType::ok);
  CHECK(out.lists == Lists{std::nullopt, std::vector<std::int64_t>{1}});
  CHECK(store.znodes["/k1"].first == "1");
  CHECK(store(txn({{true, "k1", 3}})).type == EventType::ok);
  store.asked.clear();
  out = store(txn({{false, "k1", 0}, {false, "k2", 0}}));
  CHECK(out.lists == Lists{std::vector<std::int64_t>{1, 3}, std::vector<std::int64_t>{2}});
  CHECK(store.asked == std::vector<Call>{Call::get_data, Call::get_data, Call::multi});
  CHECK(store.reads_prepared == 0);
  // One list alone is read as any key is, and is not made.
  store.asked.clear();
  CHECK(store(txn({{false, "k9", 0}})).lists == Lists{std::nullopt});
  CHECK(store.asked == std::vector<Call>{Call::get_data});
  CHECK(store.reads_prepared == 1);
}

TEST_CASE("zookeeper transactions: who was overtaken did nothing") {
  Store store;
  store.znodes["/k1"] = {"1", 4};
  store.znodes["/k2"] = {"2", 1};
  store.meanwhile = [&] { ++store.znodes["/k2"].second; };
  // It only read k2, but what it wrote to k1 would have been of another moment.
  Outcome out = store(txn({{false, "k2", 0}, {true, "k1", 5}}));
  CHECK(out.type == EventType::fail);
  CHECK(out.error == OpErrorClass::mismatch);
  CHECK(out.lists.empty());
  CHECK(store.znodes["/k1"].first == "1");
  // Reads that saw two moments have no answer.
  CHECK(store(txn({{false, "k1", 0}, {false, "k2", 0}})).error == OpErrorClass::mismatch);
  store.meanwhile = [] {};
  store.multi_ends = End::timeout;
  CHECK(store(txn({{true, "k1", 6}})).type == EventType::info);
  CHECK(store(txn({{false, "k1", 0}, {false, "k2", 0}})).type == EventType::fail);
  store.multi_ends = End::refused;
  CHECK(store(txn({{true, "k1", 6}})).type == EventType::fail);
}

TEST_CASE("zookeeper transactions: transfers keep the total") {
  Store store;
  store.znodes["/k1"] = {"100", 0};
  store.znodes["/k2"] = {"100", 0};
  CHECK(store(transfer(30)).type == EventType::ok);
  Outcome out = store(read_all());
  CHECK(out.type == EventType::ok);
  CHECK(out.balances == std::map<std::string, std::int64_t>{{"k1", 70}, {"k2", 130}});
  CHECK(store(transfer(71)).error == OpErrorClass::mismatch);
  store.meanwhile = [&] { store.znodes["/k1"] = {"1", 9}; };
  CHECK(store(transfer(5)).error == OpErrorClass::mismatch);
  CHECK(store.znodes["/k2"].first == "130");
  CHECK(store(read_all()).type == EventType::ok);  // the change was before it
}

TEST_CASE("zookeeper transactions: an increment begins at 0, and is of the version that it saw") {
  Store store;
  CHECK(store(request(OpKind::increment)).type == EventType::ok);
  CHECK(store(request(OpKind::increment)).type == EventType::ok);
  CHECK(store.znodes["/k1"].first == "14");
  store.meanwhile = [&] { ++store.znodes["/k1"].second; };
  CHECK(store(request(OpKind::increment)).error == OpErrorClass::mismatch);
  CHECK(store.znodes["/k1"].first == "14");
}

TEST_CASE("zookeeper transactions: the client offers them") {
  auto client = make_client("zookeeper");
  REQUIRE(client.ok());
  for (const OpKind kind : {OpKind::txn, OpKind::transfer, OpKind::add, OpKind::increment}) {
    CHECK((*client)->offers(kind));
  }
}

}  // namespace sunder::harness::zookeeper_txn_test
