// The history file: its lines, their order under many threads, and what SIGKILL leaves. And the watchdog's rule.
#include "harness/recorder.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "check/history.hpp"
#include "harness/watchdog.hpp"
#include "sunder/rng.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using check::OpKind;
using harness::OpRequest;
using harness::Outcome;
using harness::Recorder;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/sunder-recorder-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

HistoryHeader header() {
  HistoryHeader out;
  out.t0 = 1000;
  out.wall = "2026-01-02T03:04:05Z";
  out.seed = 7;
  out.suite = "x";
  out.nodes = {"n1", "n2"};
  return out;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

OpRequest operation(OpKind kind, std::int64_t value = 0) {
  OpRequest out;
  out.kind = kind;
  out.key = "k1";
  out.value = value;
  return out;
}

Outcome ok_outcome() {
  Outcome out;
  out.type = EventType::ok;
  return out;
}

}  // namespace

TEST_CASE("recorder: lines are exactly the contract's") {
  const Folder folder;
  VirtualClock clock(1000);
  auto recorder = Recorder::create(folder.file("h.jsonl"), header(), clock);
  REQUIRE(recorder.ok());
  clock.set(1500);
  CHECK((*recorder)->invoke(0, operation(OpKind::write, 42), "n1", 77) == 500);
  clock.set(1600);
  (*recorder)->complete(0, operation(OpKind::write, 42), ok_outcome(), "n1");
  (*recorder)->invoke(1, operation(OpKind::read), "n2");
  Outcome seen = ok_outcome();
  seen.value = 42;
  (*recorder)->complete(1, operation(OpKind::read), seen, "n2");
  (*recorder)->complete(1, operation(OpKind::read), ok_outcome(), "n2");  // absent
  OpRequest cas = operation(OpKind::cas, 5);
  cas.expected = 4;
  (*recorder)->invoke(2, cas, "n2");
  Outcome mismatch;
  mismatch.type = EventType::fail;
  mismatch.error = OpErrorClass::mismatch;
  mismatch.text = "say \"no\"\n";
  mismatch.has_observed = true;
  mismatch.observed = 42;
  (*recorder)->complete(2, cas, mismatch, "n2");
  REQUIRE((*recorder)->sync().ok());
  CHECK((*recorder)->events() == 7);
  const auto lines = lines_of(folder.file("h.jsonl"));
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] ==
        R"({"sunder":1,"t0":1000,"wall":"2026-01-02T03:04:05Z","clock":"shared","initial":null,)"
        R"("seed":7,"suite":"x","nodes":["n1","n2"]})");
  CHECK(lines[1] == R"({"index":0,"time":500,"process":0,"type":"invoke","f":"write","key":"k1",)"
                    R"("value":42,"node":"n1","intended":77})");
  CHECK(lines[2] == R"({"index":1,"time":600,"process":0,"type":"ok","f":"write","key":"k1",)"
                    R"("value":42,"node":"n1"})");
  CHECK(lines[3] == R"({"index":2,"time":600,"process":1,"type":"invoke","f":"read","key":"k1",)"
                    R"("value":null,"node":"n2"})");
  CHECK(lines[4].find(R"("type":"ok","f":"read","key":"k1","value":42)") != std::string::npos);
  CHECK(lines[5].find(R"("type":"ok","f":"read","key":"k1","value":null)") != std::string::npos);
  CHECK(lines[6].find(R"("f":"cas","key":"k1","value":[4,5])") != std::string::npos);
  CHECK(lines[7].find(R"("error":{"class":"mismatch","text":"say \"no\"\u000a"},"observed":42})") !=
        std::string::npos);
}

TEST_CASE("recorder: sets and counters have their values, and a set is read as a list") {
  const Folder folder;
  const std::string path = folder.file("h.jsonl");
  auto recorder = Recorder::create(path, header(), monotonic_clock());
  REQUIRE(recorder.ok());
  std::int64_t value = 4;
  for (const OpKind kind : {OpKind::add, OpKind::increment}) {
    (*recorder)->invoke(0, operation(kind, ++value), "n1");
    (*recorder)->complete(0, operation(kind, value), ok_outcome(), "n1");
  }
  (*recorder)->invoke(1, operation(OpKind::read), "n2");
  Outcome seen = ok_outcome();
  seen.list = {{5, -7}};
  (*recorder)->complete(1, operation(OpKind::read), seen, "n2");
  const auto lines = lines_of(path);
  REQUIRE(lines.size() == 7);
  CHECK(lines[1].find(R"("f":"add","key":"k1","value":5)") != std::string::npos);
  CHECK(lines[3].find(R"("f":"increment","key":"k1","value":6)") != std::string::npos);
  CHECK(lines[6].find(R"("f":"read","key":"k1","value":[5,-7])") != std::string::npos);
  const auto history = check::read_history(path);
  REQUIRE(history.ok());
  CHECK(history->values.list(history->ops.back().value)->size() == 2);
}

TEST_CASE("recorder: an existing history is never written over") {
  const Folder folder;
  const VirtualClock clock(1000);
  REQUIRE(Recorder::create(folder.file("h.jsonl"), header(), clock).ok());
  CHECK_FALSE(Recorder::create(folder.file("h.jsonl"), header(), clock).ok());
}

TEST_CASE("recorder: line order is index order and time order under many threads") {
  const Folder folder;
  const std::string path = folder.file("h.jsonl");
  HistoryHeader head = header();
  head.t0 = monotonic_clock().now();
  auto recorder = Recorder::create(path, head, monotonic_clock());
  REQUIRE(recorder.ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&recorder, t] {
      for (int i = 0; i < 300; ++i) {
        const OpRequest op = operation(OpKind::write, t * 1000 + i);
        (*recorder)->invoke(t, op, "n1");
        (*recorder)->complete(t, op, ok_outcome(), "n1");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE((*recorder)->sync().ok());
  const auto history = check::read_history(path);
  REQUIRE(history.ok());
  CHECK(history->events == 4800);
  CHECK(history->ops.size() == 2400);
  const auto lines = lines_of(path);
  Nanos last = -1;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    REQUIRE(lines[i].rfind("{\"index\":" + std::to_string(i - 1) + ",\"time\":", 0) == 0);
    const Nanos time = std::strtoll(lines[i].c_str() + lines[i].find("time\":") + 6, nullptr, 10);
    REQUIRE(time >= last);
    last = time;
  }
}

TEST_CASE("recorder: SIGKILL loses no completed record and leaves a readable file") {
  const Folder folder;
  Rng rng(11);
  for (int round = 0; round < 20; ++round) {
    const std::string path = folder.file("k" + std::to_string(round) + ".jsonl");
    int pipe_fds[2];
    REQUIRE(::pipe(pipe_fds) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // Writes records for ever; tells the parent about each completion once complete() has returned.
      auto recorder = Recorder::create(path, header(), monotonic_clock());
      if (!recorder.ok()) ::_exit(1);
      for (std::uint32_t i = 0;; ++i) {
        const OpRequest op = operation(OpKind::write, i);
        (*recorder)->invoke(0, op, "n1");
        (*recorder)->complete(0, op, ok_outcome(), "n1");
        if (::write(pipe_fds[1], &i, sizeof i) != sizeof i) ::_exit(1);
      }
    }
    ::close(pipe_fds[1]);
    std::uint32_t acknowledged = 0;
    REQUIRE(::read(pipe_fds[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
    std::this_thread::sleep_for(std::chrono::microseconds(rng.below(3000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (std::uint32_t i = 0; ::read(pipe_fds[0], &i, sizeof i) == sizeof i;) acknowledged = i;
    ::close(pipe_fds[0]);
    const auto history = check::read_history(path);
    REQUIRE(history.ok());
    std::uint32_t completed = 0;
    for (const check::Op& op : history->ops) completed += op.outcome == EventType::ok ? 1U : 0U;
    INFO("round " << round);
    CHECK(completed >= acknowledged + 1);
  }
}

TEST_CASE("watchdog: a gap beyond the sleep of more than 100 ms is a stall") {
  using harness::is_stall;
  CHECK_FALSE(is_stall(0, 20 * kMillisecond));
  CHECK_FALSE(is_stall(0, 120 * kMillisecond));
  CHECK(is_stall(0, 121 * kMillisecond));
  harness::Watchdog watchdog(monotonic_clock(), monotonic_clock().now());
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  watchdog.stop();
  for (const auto& stall : watchdog.stalls()) CHECK(stall.length > harness::Watchdog::kStall);
}
