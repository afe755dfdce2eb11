// The wrappers of libuv: orders from other threads, the fine timer, deadlines, and an end that
// leaves nothing open.
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "proxy/deadlines.hpp"
#include "proxy/uv/loop.hpp"
#include "proxy/uv/poll.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;

namespace {

struct NoTurn final : uv::TurnHandler {
  void turn_done() noexcept override {}
};

struct Alarm final : Timed {
  void deadline_reached(Nanos now) noexcept override { fired.push_back(now); }
  std::vector<Nanos> fired;
};

std::unique_ptr<uv::Loop> open_loop() {
  auto loop = uv::Loop::open();
  REQUIRE(loop.ok());
  return std::move(*loop);
}

}  // namespace

TEST_CASE("orders from many threads are all run, before the end", "[uv]") {
  auto loop = open_loop();
  NoTurn turn;
  std::thread runner([&] { loop->run(0, monotonic_clock(), turn); });
  int count = 0;  // the loop's
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) loop->post([&] { ++count; });
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(loop->post([&] { loop->stop(); }));
  runner.join();
  CHECK(count == 800);
  CHECK_FALSE(loop->post([] {}));
}

TEST_CASE("deadlines come in order, never early, and finer than a millisecond", "[uv]") {
  auto loop = open_loop();
  Deadlines deadlines(monotonic_clock());
  REQUIRE(deadlines.open(*loop).ok());
  std::vector<Alarm> alarms(20);
  const Nanos start = monotonic_clock().now();
  const auto due = [&](std::size_t i) {
    return start + 2 * kMillisecond + static_cast<Nanos>((i * 7) % 20) * 100 * kMicrosecond;
  };
  for (std::size_t i = 0; i < alarms.size(); ++i) deadlines.set(alarms[i], start + kSecond);
  for (std::size_t i = 0; i < alarms.size(); ++i) deadlines.set(alarms[i], due(i));
  deadlines.set(alarms[3], kNever);
  struct Stop final : Timed {
    void deadline_reached(Nanos) noexcept override {
      deadlines->close();
      loop->stop();
    }
    Deadlines* deadlines = nullptr;
    uv::Loop* loop = nullptr;
  } stop;
  stop.deadlines = &deadlines;
  stop.loop = loop.get();
  deadlines.set(stop, start + 10 * kMillisecond);
  NoTurn turn;
  loop->run(0, monotonic_clock(), turn);
  for (std::size_t i = 0; i < alarms.size(); ++i) {
    CAPTURE(i);
    if (i == 3) {
      CHECK(alarms[i].fired.empty());
      continue;
    }
    REQUIRE(alarms[i].fired.size() == 1);
    CHECK(alarms[i].fired[0] >= due(i));
  }
}

TEST_CASE("a loop that is late says by how much, of orders and of timers", "[uv]") {
  auto loop = open_loop();
  Deadlines deadlines(monotonic_clock());
  REQUIRE(deadlines.open(*loop).ok());
  const auto at_least = [&](Nanos late) {  // the loop's
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < LoopLag::kBounds.size() + 1; ++i) {
      if (i > 0 && LoopLag::kBounds[i - 1] >= late) sum += loop->lag().buckets[i];
    }
    return sum;
  };
  std::uint64_t calm = 99;
  std::uint64_t after_order = 99;
  std::uint64_t after_timer = 99;
  Nanos sum = 0;
  struct Last final : Timed {
    void deadline_reached(Nanos) noexcept override { reached(); }
    std::function<void()> reached;
  } last;
  last.reached = [&] {
    after_timer = at_least(50 * kMillisecond);
    sum = loop->lag().sum;
    deadlines.close();
    loop->stop();
  };
  // Before the loop runs: the first order finds what comes behind it waiting already.
  const auto nap = [] { std::this_thread::sleep_for(std::chrono::milliseconds(55)); };
  const Nanos start = monotonic_clock().now();
  loop->post([&] {
    calm = at_least(50 * kMillisecond);
    deadlines.set(last, monotonic_clock().now() + kMillisecond);
    nap();
  });
  loop->post([&] { after_order = at_least(50 * kMillisecond); });
  NoTurn turn;
  loop->run(0, monotonic_clock(), turn);
  const Nanos took = monotonic_clock().now() - start;
  CHECK(loop->lag().count() == 3);
  CHECK(after_order == calm + 1);
  CHECK(after_timer == calm + 2);
  CHECK(sum >= 104 * kMillisecond);
  CHECK(sum <= 3 * took);
}

TEST_CASE("a deadline that has passed when it is set is not the loop's lateness", "[uv]") {
  auto loop = open_loop();
  Deadlines deadlines(monotonic_clock());
  REQUIRE(deadlines.open(*loop).ok());
  struct Last final : Timed {
    void deadline_reached(Nanos) noexcept override {
      deadlines->close();
      loop->stop();
    }
    Deadlines* deadlines = nullptr;
    uv::Loop* loop = nullptr;
  } last;
  last.deadlines = &deadlines;
  last.loop = loop.get();
  const Nanos start = monotonic_clock().now();
  deadlines.set(last, 0);
  NoTurn turn;
  loop->run(0, monotonic_clock(), turn);
  CHECK(loop->lag().count() == 1);
  CHECK(loop->lag().sum <= monotonic_clock().now() - start);
}

TEST_CASE("a poll may close itself and die in its own callback", "[uv]") {
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  const UniqueFd near(fds[0]);
  const UniqueFd far(fds[1]);
  auto loop = open_loop();
  struct Once final : uv::PollHandler {
    void poll_ready(unsigned tag, unsigned events) noexcept override {
      seen_tag = tag;
      seen_events = events;
      poll.reset();
      loop->stop();
    }
    std::unique_ptr<uv::Poll> poll = std::make_unique<uv::Poll>();
    uv::Loop* loop = nullptr;
    unsigned seen_tag = 0;
    unsigned seen_events = 0;
  } once;
  once.loop = loop.get();
  REQUIRE(once.poll->open(*loop, near.get(), once, 42).ok());
  once.poll->watch(uv::kReadable);
  REQUIRE(::send(far.get(), "x", 1, 0) == 1);
  NoTurn turn;
  loop->run(50 * kMicrosecond, monotonic_clock(), turn);
  CHECK(once.seen_tag == 42);
  CHECK(once.seen_events == uv::kReadable);
}

TEST_CASE("a poll closed by another one's callback in the same turn stays silent", "[uv]") {
  auto loop = open_loop();
  struct Pair {
    UniqueFd near;
    UniqueFd far;
    uv::Poll poll;
  };
  struct First final : uv::PollHandler {
    void poll_ready(unsigned tag, unsigned) noexcept override {
      seen.push_back(tag);
      for (Pair& pair : *pairs) pair.poll.close();
      loop->stop();
    }
    std::vector<Pair>* pairs = nullptr;
    uv::Loop* loop = nullptr;
    std::vector<unsigned> seen;
  } first;
  std::vector<Pair> pairs(3);
  first.pairs = &pairs;
  first.loop = loop.get();
  for (unsigned i = 0; i < pairs.size(); ++i) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    pairs[i].near.reset(fds[0]);
    pairs[i].far.reset(fds[1]);
    REQUIRE(pairs[i].poll.open(*loop, fds[0], first, i).ok());
    pairs[i].poll.watch(uv::kReadable);
    REQUIRE(::send(fds[1], "x", 1, 0) == 1);  // all three are ready in the first turn
  }
  NoTurn turn;
  loop->run(0, monotonic_clock(), turn);
  CHECK(first.seen.size() == 1);
}

TEST_CASE("a hang-up without an error is told once to who watches for errors only", "[uv]") {
  auto loop = open_loop();
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  const UniqueFd near(fds[0]);
  UniqueFd far(fds[1]);
  struct Quiet final : uv::PollHandler {
    void poll_ready(unsigned, unsigned events) noexcept override {
      seen.push_back(events);
      poll.watch(0);
      loop->post([this] {  // two more turns: nothing may come
        loop->post([this] {
          poll.close();
          loop->stop();
        });
      });
    }
    uv::Poll poll;
    uv::Loop* loop = nullptr;
    std::vector<unsigned> seen;
  } quiet;
  quiet.loop = loop.get();
  REQUIRE(quiet.poll.open(*loop, near.get(), quiet, 0).ok());
  quiet.poll.watch(uv::kErrorsOnly);
  far.reset();
  NoTurn turn;
  loop->run(0, monotonic_clock(), turn);
  CHECK(quiet.seen == std::vector<unsigned>{uv::kErrorsOnly});
}

TEST_CASE("a spinning loop takes orders, and sleeps when nothing has happened for a while",
          "[uv]") {
  auto loop = open_loop();
  struct Turns final : uv::TurnHandler {
    void turn_done() noexcept override { ++count; }
    std::atomic<int> count{0};
  } turns;
  std::thread runner([&] { loop->run(200 * kMicrosecond, monotonic_clock(), turns); });
  std::atomic<int> ran{0};
  for (int i = 0; i < 20; ++i) loop->post([&] { ++ran; });
  while (ran < 20) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // far longer than the spin
  const int before = turns.count;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(turns.count - before <= 1);
  loop->post([&] { loop->stop(); });
  runner.join();
}
