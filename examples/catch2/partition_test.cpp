// Store across a broken network: Store → sunder's proxy, in this process → a real redis-server.
//
// Every test breaks something, looks at what the client says, heals, and looks at what Redis really has. It also asks
// whether the break met anything: a cut that nobody noticed proves nothing.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <sunder/embed.hpp>
#include <thread>

#include "redis_server.hpp"
#include "store.hpp"

using namespace std::chrono_literals;
using sunder::CutKind;

namespace {

constexpr auto kTimeout = 500ms;
// A call that does not end by itself would take for ever; a busy machine makes one that does a little late.
constexpr auto kSurelyLater = 10s;

bool can_not_run() {
  const std::string why = RedisServer::missing();
  if (!why.empty()) std::printf("skipped: %s\n", why.c_str());
  return !why.empty();
}

sunder::EmbeddedProxy start_proxy() {
  auto proxy = sunder::EmbeddedProxy::start();
  if (!proxy) FAIL(proxy.error().text());
  return std::move(*proxy);
}

// app → proxy → redis.
struct Stand {
  RedisServer redis;
  sunder::EmbeddedProxy proxy = start_proxy();
  sunder::Link link = proxy.link("app", "redis", redis.address()).value();
  Store store{link.port, kTimeout};

  void cut(CutKind kind) {
    const auto applied = proxy.cut(kind, "app:redis");
    if (!applied) FAIL(applied.error().text());
  }
  // Heals, and demands that each cut met something.
  void heal() {
    const auto healed = proxy.heal();
    REQUIRE(healed.ok());
    REQUIRE_FALSE(healed->removed.empty());
    for (const sunder::RuleReport& cut : healed->removed) {
      INFO("the " << cut.kind << " met nothing");
      CHECK_FALSE(cut.vacuous);
    }
  }
  // What Redis has, asked around the proxy.
  std::vector<std::string> items(const std::string& list) const {
    Store direct(redis.port(), 5s);
    const Outcome all = direct.list(list);
    REQUIRE(all.done());
    return all.values;
  }
};

long count(const std::vector<std::string>& items, const std::string& item) {
  return std::count(items.begin(), items.end(), item);
}

}  // namespace

TEST_CASE(
    "a call during a cut fails within its time-out and says so, and after the heal the same client "
    "works") {
  if (can_not_run()) return;
  Stand stand;
  REQUIRE(stand.store.set("colour", "red").done());

  const CutKind kind = GENERATE(CutKind::reset, CutKind::close, CutKind::hold);
  INFO(sunder::name_of(kind));
  stand.cut(kind);
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = stand.store.set("colour", "green");
  CHECK(std::chrono::steady_clock::now() - begin < kSurelyLater);
  CHECK_FALSE(outcome.done());
  INFO("it said: " << outcome.why);
  if (kind == CutKind::hold) {
    CHECK(outcome.why == "timed out");
    CHECK(outcome.state == Outcome::State::unknown);  // the request left, and waits somewhere
  } else {
    CHECK((outcome.why == "refused" || outcome.why == "connection reset"));
  }
  stand.heal();

  // Of another thing: "green" is not known to have failed, and may still be on its way.
  REQUIRE(stand.store.set("size", "large").done());
  CHECK(stand.store.get("size").values == std::vector<std::string>{"large"});
}

TEST_CASE("a refusal touches new connections only") {
  if (can_not_run()) return;
  Stand stand;
  REQUIRE(stand.store.set("colour", "red").done());
  stand.cut(CutKind::refuse);
  CHECK(stand.store.set("colour", "green").done());
  Store late(stand.link.port, kTimeout);
  // A read: a write might wait at the proxy's door until the heal, and be done then.
  const Outcome outcome = late.get("colour");
  CHECK_FALSE(outcome.done());
  CHECK((outcome.why == "refused" || outcome.why == "connection reset"));
  stand.heal();
  CHECK(late.get("colour").values == std::vector<std::string>{"green"});
}

TEST_CASE("a slow network is waited for as long as the time-out allows, and no longer") {
  if (can_not_run()) return;
  Stand stand;
  const auto slow = stand.proxy.add_fault("delay", "redis:app", {{"delay", "100ms"}});
  REQUIRE(slow.ok());
  Store patient(stand.link.port, 10s);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(patient.set("colour", "red").done());
  CHECK(std::chrono::steady_clock::now() - begin >= 100ms);
  REQUIRE(stand.proxy.update_fault(slow->name, {{"delay", "30s"}}).ok());
  CHECK(stand.store.get("colour").why == "timed out");
  const auto removed = stand.proxy.remove_fault(slow->name);
  REQUIRE(removed.ok());
  CHECK_FALSE(removed->removed.at(0).vacuous);
  CHECK(stand.store.get("colour").values == std::vector<std::string>{"red"});
}

TEST_CASE("an answer that is lost on the way does not make an item stand in the list twice") {
  if (can_not_run()) return;
  Stand stand;
  REQUIRE(stand.store.push("cart", "apple").done());
  sunder::FaultSpec lost;  // Redis does it, its reply never comes, and the connection breaks
  lost.kind = "lose_reply";
  lost.pairs = {{"app", "redis"}};  // whose requests they are
  lost.frame = "resp";
  const auto fault = stand.proxy.add_fault(lost);
  REQUIRE(fault.ok());
  const Outcome outcome = stand.store.push("cart", "pear");
  CHECK(outcome.state == Outcome::State::unknown);
  const auto removed = stand.proxy.remove_fault(fault->name);
  REQUIRE(removed.ok());
  CHECK_FALSE(removed->removed.at(0).vacuous);
  // Redis has it: a client that sent it again would have put it in twice.
  CHECK(stand.items("cart") == std::vector<std::string>{"apple", "pear"});
}

TEST_CASE("nothing that was acknowledged is lost, and nothing is there twice, over many cuts") {
  if (can_not_run()) return;
  Stand stand;
  std::atomic<bool> stop = false;
  std::vector<std::string> acknowledged;
  std::vector<std::string> unknown;
  std::vector<std::string> failed;
  std::thread writer([&] {
    for (int i = 0; !stop && i < 100'000; ++i) {
      const std::string item = std::to_string(i);
      const Outcome outcome = stand.store.push("log", item);
      (outcome.done()                             ? acknowledged
       : outcome.state == Outcome::State::unknown ? unknown
                                                  : failed)
          .push_back(item);
    }
  });
  for (const CutKind kind : {CutKind::reset, CutKind::hold, CutKind::close, CutKind::hold}) {
    std::this_thread::sleep_for(100ms);
    stand.cut(kind);
    std::this_thread::sleep_for(kTimeout + 200ms);  // long enough for a call to run out of time
    stand.heal();
  }
  std::this_thread::sleep_for(100ms);
  stop = true;
  writer.join();

  // Requests that a hold kept may still be on their way: Redis has them when the proxy holds nothing.
  for (int i = 0; i < 500 && stand.proxy.traffic("app", "redis")->bytes_held != 0; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  const auto items = stand.items("log");
  INFO(acknowledged.size() << " acknowledged, " << unknown.size() << " unknown, " << failed.size()
                           << " failed");
  CHECK(acknowledged.size() > 10);
  CHECK(unknown.size() + failed.size() >= 4);  // the cuts were noticed
  for (const std::string& item : acknowledged) {
    INFO("acknowledged: " << item);
    CHECK(count(items, item) == 1);
  }
  for (const std::string& item : unknown) CHECK(count(items, item) <= 1);
  for (const std::string& item : failed) CHECK(count(items, item) == 0);
  // The proxy itself swallowed nothing in the middle of a stream.
  CHECK(stand.proxy.traffic("app", "redis")->intact);
  CHECK(stand.proxy.traffic("redis", "app")->intact);
}
