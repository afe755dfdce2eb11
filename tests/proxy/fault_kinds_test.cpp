// Every fault kind on a pipeline, in virtual time: what it does, its removal with bytes under way,
// updates in place and triggers.
#include <numeric>

#include "tests/proxy/pipeline_bench.hpp"

using namespace sunder;
using namespace sunder::proxy;
using sunder::test::kMs;
using sunder::test::PipelineBench;

namespace {

Rule fault(RuleId id, const char* kind, std::map<std::string, std::string> params) {
  return PipelineBench::fault(id, kind, std::move(params));
}

Rule framed(RuleId id, const char* kind, std::map<std::string, std::string> params) {
  Rule rule = fault(id, kind, std::move(params));
  rule.frame = "u32be";
  return rule;
}

/// A u32be message.
std::string message(const std::string& body) {
  return std::string(3, '\0') + static_cast<char>(body.size()) + body;
}

}  // namespace

TEST_CASE("rate: within 1 % over five seconds, from 10 KiB/s to 500 MiB/s", "[kinds]") {
  const std::pair<const char*, double> rates[] = {
      {"10KiB/s", 10240.0}, {"1MB/s", 1e6}, {"500MiB/s", 524288000.0}};
  for (const auto& [text, rate] : rates) {
    CAPTURE(std::string(text));
    PipelineBench b;
    b.rules({fault(1, "rate", {{"rate", text}})}, 0);
    // Woken every 9 ms only, as by a busy machine: late wake-ups must not cost rate.
    std::uint64_t passed = 0;
    const Nanos span = rate > 1e8 ? 900 * kMs : 5 * kSecond;
    for (Nanos now = 0; now <= span; now += 9 * kMs) {
      b.pipe.pump(now, b.sink);
      while (const std::size_t room = b.pipe.room()) {
        b.arrive(std::string(std::min<std::size_t>(room, 262144), 'x'), now);
        b.pipe.pump(now, b.sink);
      }
      passed += b.sink.text.size();
      b.sink.text.clear();
      b.sink.writes.clear();
    }
    const double due = rate * static_cast<double>(span) / 1e9;
    CHECK(static_cast<double>(passed) == Approx(due).epsilon(0.01));
    CHECK(b.stats.intact);
  }
}

TEST_CASE("rate 0: nothing passes and nothing is lost, an update lets it flow", "[kinds]") {
  PipelineBench b;
  b.rules({fault(1, "rate", {{"rate", "0"}})}, 0);
  b.arrive("abcdef", 0);
  b.run(kSecond);
  CHECK(b.sink.text.empty());
  Rule changed = fault(1, "rate", {{"rate", "2B/s"}});
  changed.revision = 1;
  b.rules({changed}, kSecond);
  b.run(2 * kSecond + 100 * kMs);
  CHECK(b.sink.text == "ab");
  b.rules({}, 3 * kSecond);
  b.run(3 * kSecond);
  CHECK(b.sink.text == "abcdef");
}

TEST_CASE("rate per pair: connections share one line, over set changes too", "[kinds]") {
  PipelineBench b;
  const Rule rule = fault(1, "rate", {{"rate", "100kB/s"}, {"per", "pair"}});
  b.rules({rule}, 0);
  Pipeline other({.blocks = &b.blocks,
                  .stats = &b.stats,
                  .touch_log = &b.log,
                  .held_bytes_max = 1 << 20,
                  .dice = {7, "n0", "n1", 1, "to_server"}});
  other.adopt(b.in_force->of(PipelineBench::kPair), b.tallies, 0);
  test::WritesSink other_sink;
  b.arrive(std::string(200'000, 'a'), 0);
  std::string text(200'000, 'b');
  other.arrive(std::as_writable_bytes(std::span(text)), 0, other_sink);
  for (Nanos now = 0; now <= kSecond; now += kMs) {
    if (now == 500 * kMs) {
      b.rules({rule, fault(2, "delay", {{"delay", "0ms"}})}, now);  // another rule comes
      other.adopt(b.in_force->of(PipelineBench::kPair), b.tallies, now);
    }
    b.pipe.pump(now, b.sink);
    other.pump(now, other_sink);
  }
  const double both = static_cast<double>(b.sink.text.size() + other_sink.text.size());
  CHECK(both == Approx(100'000).epsilon(0.02));
  CHECK(other_sink.text.size() > 30'000);
  CHECK(b.sink.text.size() > 30'000);
}

TEST_CASE("slice: small writes, with a wait between, defaults are sane", "[kinds]") {
  PipelineBench b;
  b.rules({fault(1, "slice", {{"size", "10B"}, {"delay", "100us"}})}, 0);
  b.arrive(std::string(35, 'x'), 0);
  b.run(kSecond);
  CHECK(b.sink.writes == std::vector<std::size_t>{10, 10, 10, 5});
  b.arrive(std::string(20, 'y'), kSecond);
  b.rules({}, kSecond);
  b.run(kSecond);
  CHECK(b.sink.text.size() == 55);
  PipelineBench defaults;
  defaults.rules({fault(1, "slice", {})}, 0);
  defaults.arrive(std::string(200, 'x'), 0);
  defaults.run(0);
  CHECK(defaults.sink.writes == std::vector<std::size_t>{64, 64, 64, 8});
  PipelineBench wide;
  wide.rules({fault(1, "slice", {{"size", "5B"}, {"variation", "50B"}})}, 0);
  wide.arrive(std::string(5000, 'x'), 0);
  wide.run(0);
  CHECK(wide.sink.text.size() == 5000);
}

TEST_CASE("slow_close: bytes at once, the end later", "[kinds]") {
  PipelineBench b;
  b.rules({fault(1, "slow_close", {{"delay", "50ms"}})}, 0);
  b.arrive("abc", 0);
  CHECK(b.sink.text == "abc");
  b.pipe.arrive_end(End::fin, kMs);
  CHECK_FALSE(b.pipe.end_ready(kMs));
  CHECK(b.pipe.next_due() == 51 * kMs);
  SECTION("in time") {
    b.pipe.pump(51 * kMs, b.sink);
    CHECK(b.pipe.end_ready(51 * kMs));
  }
  SECTION("removed") {
    b.rules({}, 2 * kMs);
    CHECK(b.pipe.end_ready(2 * kMs));
  }
}

TEST_CASE("timeout: nothing passes, closes after the last bytes, removal closes", "[kinds]") {
  PipelineBench b;
  b.arrive("ab", 0);
  b.rules({fault(1, "timeout", {{"timeout", "50ms"}})}, 0);
  CHECK(b.pipe.next_due() == 50 * kMs);
  SECTION("in time") {
    b.arrive("cd", 30 * kMs);
    CHECK(b.pipe.next_due() == 80 * kMs);
    b.pipe.pump(80 * kMs, b.sink);
    CHECK(b.pipe.asked(80 * kMs).act == Act::close);
    CHECK(b.pipe.asked(80 * kMs).rule == 1);
    CHECK(b.stats.bytes_omitted == 2);
  }
  SECTION("removed after it has discarded") {
    b.arrive("cd", 30 * kMs);
    b.rules({}, 31 * kMs);
    CHECK(b.pipe.asked(31 * kMs).act == Act::close);
  }
  SECTION("removed before") {
    b.rules({}, 31 * kMs);
    CHECK(b.pipe.asked(31 * kMs).act == Act::none);
    b.arrive("cd", 32 * kMs);
    CHECK(b.sink.text == "abcd");
  }
}

TEST_CASE("limit_data: exactly so many bytes, then the close behind them", "[kinds]") {
  PipelineBench b;
  b.rules({fault(1, "limit_data", {{"bytes", "5B"}}), fault(2, "delay", {{"delay", "10ms"}})}, 0);
  b.arrive("abc", 0);
  Rule more = fault(1, "limit_data", {{"bytes", "6B"}});
  more.revision = 1;
  b.rules({more, fault(2, "delay", {{"delay", "10ms"}})}, 1);  // the count survives
  b.arrive("defgh", 1);
  CHECK(b.pipe.asked(1).act == Act::none);  // its bytes are under way
  b.run(kSecond);
  CHECK(b.sink.text == "abcdef");
  CHECK(b.pipe.asked(b.now).act == Act::close);
  CHECK_FALSE(b.pipe.source_ended());
}

TEST_CASE("reset_peer: waits for the first bytes or the end, then its time", "[kinds]") {
  PipelineBench b;
  b.rules({fault(1, "reset_peer", {{"timeout", "20ms"}})}, 0);
  CHECK(b.pipe.next_due() == kNever);
  SECTION("bytes") {
    b.arrive("a", 5 * kMs);
  }
  SECTION("end") {
    b.pipe.arrive_end(End::fin, 5 * kMs);
  }
  CHECK(b.pipe.next_due() == 25 * kMs);
  CHECK_FALSE(b.pipe.end_ready(24 * kMs));
  b.pipe.pump(25 * kMs, b.sink);
  CHECK(b.pipe.asked(25 * kMs).act == Act::reset);
  CHECK(b.sink.text.empty());
}

TEST_CASE("corrupt: about the ratio, counted, and the proof stays", "[kinds]") {
  PipelineBench b;
  b.rules({fault(1, "corrupt", {{"ratio", "0.01"}})}, 0);
  for (int i = 0; i < 100; ++i) b.arrive(std::string(1000, 'x'), i);
  std::uint64_t changed = 0;
  for (const char c : b.sink.text) changed += c != 'x' ? 1U : 0U;
  CHECK(b.sink.text.size() == 100'000);
  CHECK(changed == b.stats.bytes_changed);
  CHECK(changed > 800);
  CHECK(changed < 1200);
  CHECK(b.stats.intact);
  CHECK(b.stats.altered());
}

TEST_CASE("drop_message: whole messages, over any borders of reads", "[kinds]") {
  std::string in;
  std::string due;
  for (int i = 1; i <= 60; ++i) {
    const std::string one = message(std::string(static_cast<std::size_t>(i), 'm'));
    in += one;
    if (i % 3 != 0) due += one;
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{10'000}}) {
    PipelineBench b;
    b.rules({framed(1, "drop_message", {{"every", "3"}})}, 0);
    for (std::size_t at = 0; at < in.size(); at += step) b.arrive(in.substr(at, step), 0);
    CHECK(b.sink.text == due);
    CHECK(b.tallies[1].messages == 20);
    CHECK(b.stats.intact);
  }
  PipelineBench half;
  half.rules({framed(1, "drop_message", {})}, 0);
  half.arrive(message("abc").substr(0, 5), 0);
  half.rules({}, 1);
  CHECK(half.pipe.asked(1).act == Act::reset);  // the stream would have a hole
  PipelineBench other;
  Rule nothing = framed(1, "drop_message", {{"ratio", "0"}});
  other.rules({nothing}, 0);
  other.arrive("GET / HTTP/1.1\r\n", 0);
  CHECK(other.sink.text == "GET / HTTP/1.1\r\n");
  CHECK(other.tallies[1].unframed == 1);
}

TEST_CASE("lose_reply: the chosen reply and all after it stay away, then a reset", "[kinds]") {
  Rule rule = framed(1, "lose_reply", {{"timeout", "20ms"}});
  rule.after_messages = 2;
  PipelineBench b("to_client");
  b.rules({rule}, 0);
  const std::string replies = message("one") + message("two");
  b.arrive(replies + message("three"), 5 * kMs);
  CHECK(b.sink.text == replies);
  b.pipe.arrive_end(End::fin, 6 * kMs);
  CHECK_FALSE(b.pipe.end_ready(7 * kMs));
  CHECK(b.pipe.next_due() == 25 * kMs);
  b.pipe.pump(25 * kMs, b.sink);
  CHECK(b.pipe.asked(25 * kMs).act == Act::reset);
  PipelineBench requests("to_server");
  requests.rules({rule}, 0);
  requests.arrive(replies + replies, 0);
  CHECK(requests.sink.text == replies + replies);
}

TEST_CASE("a trigger fires at the exact byte", "[kinds]") {
  PipelineBench b;
  Rule late = fault(1, "timeout", {});
  late.after_bytes = 5;
  Rule slow = fault(2, "delay", {{"delay", "10ms"}});
  slow.after_bytes = 3;
  b.rules({late, slow}, 0);
  b.arrive("ab", 0);
  b.arrive("cdefg", 0);
  b.run(0);
  CHECK(b.sink.text == "abc");
  b.run(20 * kMs);
  CHECK(b.sink.text == "abcde");
  CHECK(b.stats.bytes_omitted == 2);
  PipelineBench messages;
  Rule third = framed(1, "delay", {{"delay", "10ms"}});
  third.after_messages = 2;
  messages.rules({third}, 0);
  const std::string two = message("a") + message("bc");
  messages.arrive(two + message("d"), 0);
  messages.run(0);
  CHECK(messages.sink.text == two);
}
