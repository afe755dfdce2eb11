// Pipeline, queue and proof in virtual time, without a socket.
#include "proxy/pipeline.hpp"

#include <algorithm>
#include <string>

#include "proxy/registry.hpp"
#include "tests/proxy/pipeline_bench.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;
using sunder::test::kMs;

namespace {

constexpr PairId kPair{0, 1};

class TextSink final : public Sink {
 public:
  Sent write(const iovec* parts, int count) noexcept override {
    Sent sent;
    for (int i = 0; i < count; ++i) {
      const std::size_t fits = std::min(parts[i].iov_len, space);
      text.append(static_cast<const char*>(parts[i].iov_base), fits);
      space -= fits;
      sent.bytes += fits;
      if (fits < parts[i].iov_len) break;
    }
    return sent;
  }
  std::string text;
  std::size_t space = std::size_t{1} << 40;
};

/// One pipeline with what it needs around it.
struct Bench {
  explicit Bench(std::size_t held_max = 1 << 20, std::uint64_t ordinal = 0)
      : pipe({.blocks = &blocks,
              .stats = &stats,
              .touch_log = &log,
              .held_bytes_max = held_max,
              .dice = {7, "n0", "n1", ordinal, "to_server"}}) {}

  void arrive(std::string_view text, Nanos now) {
    std::string bytes(text);
    pipe.arrive(std::as_writable_bytes(std::span(bytes)), now, sink);
  }
  void rules(std::vector<Rule> wanted, Nanos now) {
    auto set = std::make_shared<FaultSet>();
    set->rules = std::move(wanted);
    for (Rule& rule : set->rules) rule.pairs = {kPair};
    in_force = std::make_unique<InForce>(std::move(set));
    for (const Rule& rule : in_force->set().rules) tallies[rule.id];
    pipe.adopt(in_force->of(kPair), tallies, now);
  }

  BlockPool blocks;
  PairStats stats;
  TouchLog log;
  RuleTallies tallies;
  std::unique_ptr<InForce> in_force;
  Pipeline pipe;
  TextSink sink;
};

Rule delay(RuleId id, const char* how_long, double probability = 1, const char* jitter = "0ms") {
  Rule rule;
  rule.id = id;
  rule.name = "d" + std::to_string(id);
  rule.kind = find_fault_kind("delay");
  rule.params = {{"delay", how_long}, {"jitter", jitter}};
  rule.probability = probability;
  return rule;
}

Rule hold(RuleId id) {
  Rule rule;
  rule.id = id;
  rule.name = "h" + std::to_string(id);
  rule.cut = CutKind::hold;
  return rule;
}

}  // namespace

TEST_CASE("without a rule bytes are written through", "[pipeline]") {
  Bench b;
  b.arrive("abc", 1);
  CHECK(b.sink.text == "abc");
  CHECK(b.pipe.queued() == 0);
  CHECK(b.pipe.next_due() == kNever);
  b.pipe.arrive_end(End::fin, 2);
  CHECK(b.pipe.end_ready(2));
}

TEST_CASE("a full sink: the rest waits, in order, and the room shrinks", "[pipeline]") {
  Bench b(10);
  b.sink.space = 2;
  b.arrive("abcdef", 1);
  CHECK(b.sink.text == "ab");
  CHECK(b.pipe.blocked());
  CHECK(b.pipe.room() == 6);
  b.arrive("ghijkl", 1);
  CHECK(b.pipe.room() == 0);
  CHECK(b.pipe.next_due() == kNever);  // the sink's turn, not time's
  b.pipe.arrive_end(End::fin, 1);
  b.sink.space = 4;
  b.pipe.unblock();
  b.pipe.pump(1, b.sink);
  CHECK(b.sink.text == "abcdef");
  CHECK(b.pipe.room() == 0);  // more than half is still taken
  CHECK_FALSE(b.pipe.end_ready(1));
  b.sink.space = 100;
  b.pipe.unblock();
  b.pipe.pump(1, b.sink);
  CHECK(b.sink.text == "abcdefghijkl");
  CHECK(b.pipe.room() == 10);
  CHECK(b.pipe.end_ready(1));
  CHECK(b.stats.intact);
  CHECK(b.stats.bytes_held == 0);
}

TEST_CASE("delays add up, keep the order, and go when they are removed", "[pipeline]") {
  Bench b;
  b.rules({delay(1, "10ms"), delay(2, "5ms")}, 0);
  b.arrive("ab", 0);
  b.arrive("cd", 2 * kMs);
  CHECK(b.pipe.next_due() == 10 * kMs);  // it goes on to the second delay then
  b.pipe.pump(10 * kMs, b.sink);
  CHECK(b.sink.text.empty());
  CHECK(b.tallies[2].bytes == 2);
  CHECK(b.pipe.next_due() == 12 * kMs);
  b.pipe.pump(15 * kMs, b.sink);
  CHECK(b.sink.text == "ab");
  CHECK(b.pipe.next_due() == 17 * kMs);
  CHECK(b.tallies[1].bytes == 4);
  CHECK(b.tallies[2].bytes == 4);
  CHECK(b.tallies[1].connections == 1);

  SECTION("one of them: the other still delays") {
    b.arrive("ef", 15 * kMs);
    b.rules({delay(2, "5ms")}, 16 * kMs);
    CHECK(b.pipe.next_due() == 17 * kMs);
    b.pipe.pump(17 * kMs, b.sink);
    CHECK(b.sink.text == "abcd");
    CHECK(b.pipe.next_due() == 21 * kMs);  // the chunk came to it when the other went
    CHECK(b.tallies[2].bytes == 6);        // asked once
  }
  SECTION("all: at once") {
    b.pipe.arrive_end(End::fin, 16 * kMs);
    b.rules({}, 16 * kMs);
    b.pipe.pump(16 * kMs, b.sink);
    CHECK(b.sink.text == "abcd");
    CHECK(b.pipe.end_ready(16 * kMs));
  }
  SECTION("a new one does not judge old bytes, and later ones wait behind them") {
    b.rules({}, 16 * kMs);
    b.rules({delay(3, "1ms")}, 16 * kMs);
    b.arrive("ef", 16 * kMs);
    b.pipe.pump(16 * kMs, b.sink);
    CHECK(b.sink.text == "abcd");
    b.pipe.pump(17 * kMs, b.sink);
    CHECK(b.sink.text == "abcdef");
  }
  CHECK(b.stats.intact);
}

TEST_CASE("an end comes after the bytes before it, a reset overrides a FIN", "[pipeline]") {
  Bench b;
  b.rules({delay(1, "10ms")}, 0);
  b.arrive("ab", 0);
  b.pipe.arrive_end(End::fin, 1 * kMs);
  CHECK_FALSE(b.pipe.end_ready(20 * kMs));  // bytes first
  b.pipe.pump(10 * kMs, b.sink);
  CHECK(b.pipe.next_due() == 11 * kMs);
  b.pipe.pump(11 * kMs, b.sink);
  CHECK(b.pipe.end_ready(11 * kMs));
  b.pipe.pass_end();
  CHECK(b.pipe.next_due() == kNever);
  b.pipe.arrive_end(End::reset, 20 * kMs);
  CHECK_FALSE(b.pipe.end_ready(20 * kMs));
  b.pipe.pump(30 * kMs, b.sink);
  CHECK(b.pipe.end_ready(30 * kMs));
}

TEST_CASE("hold keeps bytes and end, its time counts while bytes wait", "[pipeline]") {
  Bench b;
  b.sink.space = 1;
  b.arrive("abc", 0);  // two bytes wait already, for another reason
  b.rules({hold(1)}, 10);
  CHECK(b.tallies[1].bytes == 2);
  b.arrive("de", 20);
  b.pipe.arrive_end(End::fin, 30);
  b.sink.space = 100;
  b.pipe.unblock();
  b.pipe.pump(40, b.sink);
  CHECK(b.sink.text == "a");
  CHECK(b.pipe.next_due() == kNever);
  CHECK_FALSE(b.pipe.end_ready(40));
  b.rules({hold(1), hold(2)}, 50);
  std::map<RuleId, Touched> running;
  b.pipe.add_held(running, 60);
  CHECK(running[1].held_ns == 50);
  CHECK(running[2].held_ns == 10);
  b.rules({hold(2)}, 70);
  CHECK(b.tallies[1].held_ns == 60);
  b.rules({}, 80);
  CHECK(b.tallies[2].held_ns == 30);
  CHECK(b.tallies[1].bytes == 4);
  CHECK(b.tallies[2].bytes == 4);
  b.pipe.pump(80, b.sink);
  CHECK(b.sink.text == "abcde");
  CHECK(b.pipe.end_ready(80));
  CHECK(b.stats.intact);
}

TEST_CASE("probability is drawn once per connection, and kept when sets change", "[pipeline]") {
  int acting = 0;
  for (std::uint64_t ordinal = 0; ordinal < 400; ++ordinal) {
    Bench b(1 << 20, ordinal);
    b.rules({delay(1, "10ms", 0.25)}, 0);
    b.arrive("a", 0);
    const bool acts = b.pipe.queued() > 0;
    acting += acts ? 1 : 0;
    for (RuleId other = 2; other < 5; ++other) {
      b.rules({hold(other), delay(1, "10ms", 0.25)}, 1);
      b.rules({delay(1, "10ms", 0.25)}, 2);
    }
    b.pipe.pump(20 * kMs, b.sink);
    b.arrive("b", 20 * kMs);
    REQUIRE((b.pipe.queued() > 0) == acts);

    Bench again(1 << 20, ordinal);
    again.rules({delay(1, "10ms", 0.25)}, 0);
    again.arrive("a", 0);
    REQUIRE((again.pipe.queued() > 0) == acts);  // same labels, same dice
  }
  CHECK(acting > 60);
  CHECK(acting < 140);
}

TEST_CASE("random scripts: what goes out is what came in, and the proof agrees", "[pipeline]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Rng dice(seed);
    Bench b(20'000);
    std::string sent;
    Nanos now = 0;
    RuleId next_id = 1;
    for (int step = 0; step < 300; ++step) {
      now += static_cast<Nanos>(dice.below(3 * kMs));
      switch (dice.below(8)) {
        case 0: b.rules({hold(next_id++)}, now); break;
        case 1: b.rules({delay(next_id++, "5ms", 1, "5ms")}, now); break;
        case 2: b.rules({}, now); break;
        case 3:
          b.sink.space = dice.below(30'000);
          b.pipe.unblock();
          break;
        default: {
          const std::size_t room = b.pipe.room();
          if (room == 0) break;
          std::string text(std::min<std::size_t>(room, 1 + dice.below(9'000)), '\0');
          for (char& c : text) c = static_cast<char>(dice.next());
          sent += text;
          b.arrive(text, now);
        }
      }
      b.pipe.pump(now, b.sink);
      REQUIRE(b.pipe.queued() == sent.size() - b.sink.text.size());
      REQUIRE(b.pipe.queued() <= kDelayedBytesMax);
      REQUIRE(b.stats.bytes_held == b.pipe.queued());
    }
    REQUIRE(b.sink.text == sent.substr(0, b.sink.text.size()));
    if (seed % 2 == 0) {
      b.sink.space = std::size_t{1} << 30;
      b.rules({}, now);
      b.pipe.unblock();
      b.pipe.pump(now, b.sink);
      REQUIRE(b.sink.text == sent);
    } else {
      b.pipe.drop_all(now);
    }
    REQUIRE(b.stats.intact);
    REQUIRE(b.stats.bytes_held == 0);
  }
}

TEST_CASE("a byte that changes in a queue is found", "[pipeline]") {
  // The proof is worth something only if it can fail: this sink spoils the queue under the
  // pipeline.
  class Lying final : public Sink {
   public:
    Sent write(const iovec* parts, int count) noexcept override {
      for (int i = 0; i < count; ++i) static_cast<char*>(parts[i].iov_base)[0] ^= 1;
      return {parts[0].iov_len, false};
    }
  };
  Bench b;
  b.rules({hold(1)}, 0);
  b.arrive("abcdef", 0);
  b.rules({}, 1);
  Lying lying;
  b.pipe.pump(1, lying);
  CHECK_FALSE(b.stats.intact);
}

TEST_CASE("the byte queue across block borders", "[pipeline]") {
  BlockPool pool;
  ByteQueue queue(pool);
  Rng dice(3);
  std::string in;
  std::string out;
  for (int i = 0; i < 400; ++i) {
    std::string text(dice.below(40'000), '\0');
    for (char& c : text) c = static_cast<char>(dice.next());
    in += text;
    queue.append(std::as_bytes(std::span(text)).data(), text.size());
    iovec parts[3];
    const int count = queue.peek(parts, 3, dice.below(60'000));
    std::size_t taken = 0;
    for (int p = 0; p < count; ++p) {
      out.append(static_cast<const char*>(parts[p].iov_base), parts[p].iov_len);
      taken += parts[p].iov_len;
    }
    queue.consume(taken);
    REQUIRE(queue.size() == in.size() - out.size());
  }
  REQUIRE(out == in.substr(0, out.size()));
}
