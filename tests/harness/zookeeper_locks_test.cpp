// ZooKeeper's locks: who holds and who waits for whom, what is asked, and what is told where an acquire or a release stays
// open, on a small server that queues as it is told to. Real clusters: tests/cluster/zookeeper_test.py.
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/client.hpp"
#include "harness/zookeeper/locks.hpp"
#include "tests/harness/small_zookeeper.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::zookeeper_locks_test {

using namespace zookeeper;
using namespace test;
using check::OpKind;

namespace {

constexpr Nanos kTimeout = 400 * kMillisecond;
const std::string kOwn = "/k1/w7-0000000003";

std::string created_body(const std::string& path, std::int64_t czxid) {
  return Writer().text(path).number64(czxid).bytes() + std::string(60, '\0');
}

std::string children_body(const std::vector<std::string>& names) {
  Writer out;
  out.number(static_cast<std::int32_t>(names.size()));
  for (const std::string& name : names) out.text(name);
  return out.bytes();
}

enum class Say { answer, nothing, hang_up };

// A server with one lock. Everything is written by its thread and read when the operation has ended.
class Queue {
 public:
  /// What it does with a request before it answers it.
  std::function<Say(const Ask&)> about = [](const Ask&) { return Say::answer; };
  std::vector<std::string> line = {"w7-0000000003"};
  bool has_lock = true;
  std::int32_t removing = kOk;

  std::vector<std::pair<Call, std::string>> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::vector<std::int64_t> sessions() {
    const std::lock_guard lock(mutex_);
    return sessions_;
  }
  Locks client() { return Locks(node_.where, 0, 4 * kSecond); }

 private:
  void serve(int fd) {
    std::int64_t session = 0;
    if (!greet(fd, 4000, 77, &session)) return;
    {
      const std::lock_guard lock(mutex_);
      sessions_.push_back(session);
    }
    for (Ask ask; take_ask(fd, &ask);) {
      {
        const std::lock_guard lock(mutex_);
        asked_.emplace_back(ask.call, ask.path);
      }
      const Say say = about(ask);
      if (say == Say::hang_up) return;
      if (say == Say::nothing) continue;
      answer(fd, ask);
    }
  }
  void answer(int fd, const Ask& ask) {
    switch (ask.call) {
      case Call::create2:
        has_lock ? reply(fd, ask, kOk, created_body(kOwn, 55)) : reply(fd, ask, kNoNode);
        break;
      case Call::create:
        has_lock = true;
        reply(fd, ask, kOk);
        break;
      case Call::get_children: reply(fd, ask, kOk, children_body(line)); break;
      case Call::exists: {
        const bool there = std::find(line.begin(), line.end(), ask.path.substr(4)) != line.end();
        reply(fd, ask, there ? kOk : kNoNode);
        break;
      }
      default: reply(fd, ask, removing); break;
    }
  }

  std::mutex mutex_;
  std::vector<std::pair<Call, std::string>> asked_;
  std::vector<std::int64_t> sessions_;
  SmallNode node_{[this](int fd) { serve(fd); }};
};

using Asked = std::vector<std::pair<Call, std::string>>;

}  // namespace

TEST_CASE("zookeeper locks: what create2 and getChildren answer") {
  const auto made = created_of(created_body(kOwn, 9'000'000'000));
  REQUIRE(made.has_value());
  CHECK(made->path == kOwn);
  CHECK(made->czxid == 9'000'000'000);
  CHECK_FALSE(created_of(created_body(kOwn, 1).substr(0, 70)).has_value());
  CHECK(children_of(children_body({"a", "b"})) == std::vector<std::string>{"a", "b"});
  CHECK(children_of(children_body({})) == std::vector<std::string>{});
  CHECK_FALSE(children_of(children_body({"a", "b"}).substr(0, 12)).has_value());
  CHECK_FALSE(children_of(Writer().number(-5).bytes()).has_value());
}

TEST_CASE("zookeeper locks: the first in line holds it, and its token is the czxid") {
  Queue queue;
  Locks locks = queue.client();
  const Outcome got = locks.invoke(request(OpKind::acquire), kTimeout);
  CHECK(got.type == EventType::ok);
  CHECK(got.value == 55);
  CHECK(locks.invoke(request(OpKind::release), kTimeout).type == EventType::ok);
  CHECK(queue.asked() ==
        Asked{{Call::create2, "/k1/w7-"}, {Call::get_children, "/k1"}, {Call::remove, kOwn}});
  // It is given back: there is nothing to release.
  CHECK(locks.invoke(request(OpKind::release), kTimeout).error == OpErrorClass::definite);
}

TEST_CASE("zookeeper locks: the lock's own znode is made by whom needs it first") {
  Queue queue;
  queue.has_lock = false;
  Locks locks = queue.client();
  CHECK(locks.invoke(request(OpKind::acquire), kTimeout).type == EventType::ok);
  CHECK(queue.asked()[1] == std::pair<Call, std::string>{Call::create, "/k1"});
  CHECK(queue.asked()[2] == std::pair<Call, std::string>{Call::create2, "/k1/w7-"});
}

TEST_CASE("zookeeper locks: who waits looks after the one before it, by number and not by name") {
  Queue queue;
  queue.line = {"w9-0000000001", "w7-0000000003", "w1-0000000002", "w2-0000000004"};
  int looks = 0;
  queue.about = [&](const Ask& ask) {
    if (ask.call == Call::exists && ++looks == 3) queue.line = {"w7-0000000003", "w2-0000000004"};
    return Say::answer;
  };
  Locks locks = queue.client();
  CHECK(locks.invoke(request(OpKind::acquire), kTimeout).type == EventType::ok);
  const auto asked = queue.asked();
  CHECK(looks == 3);
  for (const auto& [call, path] : asked) {
    if (call == Call::exists) CHECK(path == "/k1/w1-0000000002");
  }
  CHECK(asked.back() == std::pair<Call, std::string>{Call::get_children, "/k1"});
}

TEST_CASE(
    "zookeeper locks: who does not get it leaves the line, and is sure only if that was answered") {
  Queue queue;
  queue.line = {"w9-0000000001", "w7-0000000003"};
  Locks locks = queue.client();
  SECTION("answered") {
    const Outcome out = locks.invoke(request(OpKind::acquire), 2 * kTimeout);
    CHECK(out.type == EventType::fail);
    CHECK(out.error == OpErrorClass::mismatch);
    CHECK(queue.asked().back() == std::pair<Call, std::string>{Call::remove, kOwn});
  }
  SECTION(
      "answered slowly: the last look began before the patience ended, and has its answer after") {
    queue.about = [](const Ask& ask) {
      if (ask.call == Call::exists) std::this_thread::sleep_for(std::chrono::milliseconds(220));
      return Say::answer;
    };
    const Outcome out = locks.invoke(request(OpKind::acquire), 2 * kSecond);
    CHECK(out.type == EventType::fail);
    CHECK(out.error == OpErrorClass::mismatch);
    CHECK(queue.sessions() == std::vector<std::int64_t>{0});
  }
  SECTION("not answered: the session is left to its end") {
    queue.about = [](const Ask& ask) {
      return ask.call == Call::remove ? Say::nothing : Say::answer;
    };
    const Outcome out = locks.invoke(request(OpKind::acquire), 2 * kTimeout);
    CHECK(out.type == EventType::info);
    CHECK(out.error == OpErrorClass::timeout);
    static_cast<void>(locks.invoke(request(OpKind::acquire), 2 * kTimeout));
    CHECK(queue.sessions() == std::vector<std::int64_t>{0, 0});
  }
  SECTION("a look that broke: it leaves the line by the same session") {
    queue.about = [](const Ask& ask) {
      return ask.call == Call::exists ? Say::hang_up : Say::answer;
    };
    const Outcome out = locks.invoke(request(OpKind::acquire), 2 * kTimeout);
    CHECK(out.type == EventType::fail);
    CHECK(out.error == OpErrorClass::reset);
    CHECK(queue.sessions() == std::vector<std::int64_t>{0, 77});
  }
}

TEST_CASE(
    "zookeeper locks: an acquire whose place in line is not known is open, and its session ends") {
  Queue queue;
  Locks locks = queue.client();
  bool first = true;
  const Say say = GENERATE(Say::nothing, Say::hang_up);
  queue.about = [&](const Ask& ask) {
    const bool now = ask.call == Call::create2 && first;
    if (now) first = false;
    return now ? say : Say::answer;
  };
  const Outcome out = locks.invoke(request(OpKind::acquire), kTimeout);
  CHECK(out.type == EventType::info);
  CHECK(out.error == (say == Say::nothing ? OpErrorClass::timeout : OpErrorClass::reset));
  CHECK(locks.invoke(request(OpKind::acquire), kTimeout).type == EventType::ok);
  CHECK(queue.sessions() == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("zookeeper locks: a session that expired in the queue gets nothing") {
  Queue queue;
  queue.line = {"w2-0000000004"};
  Locks locks = queue.client();
  const Outcome out = locks.invoke(request(OpKind::acquire), kTimeout);
  CHECK(out.type == EventType::fail);
  CHECK(out.error == OpErrorClass::definite);
}

TEST_CASE(
    "zookeeper locks: a release tells that the lock had ended, and is open when it can't know") {
  Queue queue;
  Locks locks = queue.client();
  REQUIRE(locks.invoke(request(OpKind::acquire), kTimeout).type == EventType::ok);
  SECTION("NoNode, or the session expired") {
    queue.removing = GENERATE(kNoNode, kSessionExpired);
    const Outcome out = locks.invoke(request(OpKind::release), kTimeout);
    CHECK(out.type == EventType::fail);
    CHECK(out.error == OpErrorClass::mismatch);
  }
  SECTION("no answer") {
    queue.about = [](const Ask&) { return Say::nothing; };
    const Outcome out = locks.invoke(request(OpKind::release), kTimeout);
    CHECK(out.type == EventType::info);
    CHECK(out.error == OpErrorClass::timeout);
  }
}

TEST_CASE("zookeeper locks: a release that could not be sent is open: the lock ends by itself") {
  std::unique_ptr<Queue> queue = std::make_unique<Queue>();
  Locks locks = queue->client();
  REQUIRE(locks.invoke(request(OpKind::acquire), kTimeout).type == EventType::ok);
  locks.close();
  queue.reset();
  const Outcome out = locks.invoke(request(OpKind::release), kTimeout);
  CHECK(out.type == EventType::info);
  CHECK(out.error == OpErrorClass::reset);
}

TEST_CASE("zookeeper locks: the client offers them") {
  auto client = make_client("zookeeper");
  REQUIRE(client.ok());
  CHECK((*client)->offers(OpKind::acquire));
  CHECK((*client)->offers(OpKind::release));
}

}  // namespace sunder::harness::zookeeper_locks_test
