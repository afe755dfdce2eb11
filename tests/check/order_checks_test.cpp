// The checks of order by hand, from their definitions: pass, fail, unknown, vacuous; their words and witnesses.
#include <random>

#include "check/check_kind.hpp"
#include "tests/check/random_sessions.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rounds.hpp"

namespace sunder::check::test {
namespace {

CheckResult judge(const Build& build, const char* name, Budget budget = {}) {
  return find_check(name)->run({build.history, budget, kNoWindows, 1, ""});
}

// Sessions, operation after operation, on a clock of their own.
class Script {
 public:
  Script& by(std::int32_t process) {
    process_ = process;
    return *this;
  }
  Script& w(const char* key, ValueId value) {
    build.write(now_, now_ + 5, value);
    return done(key);
  }
  Script& r(const char* key, ValueId value) {
    build.read(now_, now_ + 5, value);
    return done(key);
  }
  Script& cas(const char* key, ValueId old, ValueId value) {
    build.cas(now_, now_ + 5, old, value);
    return done(key);
  }
  Build build;

 private:
  Script& done(const char* key) {
    build.key(key);
    build.history.ops.back().process = process_;
    now_ += 10;
    return *this;
  }
  Nanos now_ = 0;
  std::int32_t process_ = 0;
};

std::string told(const History& history) {
  std::string out;
  for (const Op& op : history.ops) {
    out += "\n" + std::to_string(op.invoke_event) + ": process " + std::to_string(op.process) +
           " " + name_of(op.kind) + " " + history.keys[op.key] + " " + history.values.text(op.old) +
           " " + history.values.text(op.value) + " " + name_of(op.outcome);
  }
  return out;
}

constexpr const char* kAll[] = {"read-your-writes",    "monotonic-reads", "monotonic-writes",
                                "writes-follow-reads", "session",         "causal",
                                "sequential"};

}  // namespace

TEST_CASE("order: read-your-writes") {
  Script good;
  good.by(1).w("x", 1).r("x", 1).w("x", 2).r("x", 2);
  CHECK(judge(good.build, "read-your-writes").verdict == Verdict::pass);
  CHECK(judge(good.build, "read-your-writes").power == 2);
  Script bad;
  bad.by(2).w("x", 7).by(1).w("x", 1).r("x", 0);
  const auto result = judge(bad.build, "read-your-writes");
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.witness == std::vector<std::uint32_t>{2, 3, 4, 5});
  CHECK(result.text.find("had itself written 1") != std::string::npos);
  CHECK(judge(bad.build, "monotonic-reads").reason == "vacuous.no_power");
  CHECK(judge(bad.build, "session").verdict == Verdict::fail);
}

TEST_CASE("order: monotonic reads") {
  Script bad;
  bad.by(1).w("x", 1).by(2).w("x", 2).by(3).r("x", 1).r("x", 2).r("x", 1);
  const auto result = judge(bad.build, "monotonic-reads");
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.witness.size() == 10);
  CHECK(judge(bad.build, "read-your-writes").reason == "vacuous.no_power");
}

TEST_CASE("order: monotonic writes") {
  Script bad;
  bad.by(1).w("x", 1).w("y", 2).by(2).r("y", 2).r("x", 0);
  CHECK(judge(bad.build, "monotonic-writes").verdict == Verdict::fail);
  CHECK(judge(bad.build, "monotonic-reads").verdict == Verdict::unknown);
  CHECK(judge(bad.build, "writes-follow-reads").verdict != Verdict::fail);
  Script good;
  good.by(1).w("x", 1).w("y", 2).by(2).r("y", 2).r("x", 1);
  CHECK(judge(good.build, "monotonic-writes").verdict == Verdict::pass);
}

TEST_CASE("order: writes follow reads") {
  Script bad;
  bad.by(1).w("x", 1).by(2).r("x", 1).w("y", 2).by(3).r("y", 2).r("x", 0);
  CHECK(judge(bad.build, "writes-follow-reads").verdict == Verdict::fail);
  CHECK(judge(bad.build, "writes-follow-reads").witness.size() == 10);
  CHECK(judge(bad.build, "monotonic-writes").verdict != Verdict::fail);
  CHECK(judge(bad.build, "causal").verdict == Verdict::fail);
}

TEST_CASE("order: causal and sequential differ on the store buffer") {
  Script both;
  both.by(1).w("x", 1).by(2).w("y", 2).by(1).r("y", 0).by(2).r("x", 0);
  CHECK(judge(both.build, "causal").verdict != Verdict::fail);
  const auto result = judge(both.build, "sequential");
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.witness.size() == 8);
  CHECK_FALSE(result.text.empty());
}

TEST_CASE("order: four readers that disagree on two writes are refuted by convergence only") {
  Script
      split;  // each session has every guarantee by itself, but no one order of 1 and 2 serves both
  split.by(1).w("x", 1).by(2).w("x", 2);
  split.by(3).r("x", 1).r("x", 2).by(4).r("x", 2).r("x", 1);
  CHECK(judge(split.build, "causal").verdict == Verdict::fail);
  CHECK(judge(split.build, "monotonic-reads").verdict == Verdict::fail);
}

TEST_CASE("order: two cas from one value are concurrent to causal, never sequential") {
  Script twice;
  twice.by(1).w("x", 1).by(2).cas("x", 1, 2).by(3).cas("x", 1, 3);
  CHECK(judge(twice.build, "sequential").verdict == Verdict::fail);
  CHECK(judge(twice.build, "causal").verdict != Verdict::fail);
}

TEST_CASE("order: thin air and aborted reads fail everywhere") {
  Script air;
  air.by(1).w("x", 1).r("x", 9);
  Script aborted;
  aborted.by(1).w("x", 1);
  aborted.build.failed();
  aborted.by(2).r("x", 1);
  for (const char* name : kAll) {
    CAPTURE(name);
    CHECK(judge(air.build, name).verdict == Verdict::fail);
    CHECK(judge(air.build, name).witness.size() == 2);
    CHECK(judge(aborted.build, name).verdict == Verdict::fail);
    CHECK(judge(aborted.build, name).witness.size() == 4);
  }
}

TEST_CASE("order: vacuous, repeated values, and budgets") {
  Script nothing;
  nothing.by(1).w("x", 1).by(2).w("x", 2);
  Script repeated;
  repeated.by(1).w("x", 1).by(2).w("x", 1).by(1).r("x", 1).r("x", 1);
  Script good;
  good.by(1).w("x", 1).r("x", 1).by(2).r("x", 1).r("x", 1).w("x", 2);
  std::atomic<bool> interrupted{true};
  Budget stopped;
  stopped.interrupted = &interrupted;
  Budget small;
  small.memory_bytes = 1;
  for (const char* name : kAll) {
    CAPTURE(name);
    CHECK(judge(nothing.build, name).reason == "vacuous.no_power");
    CHECK(judge(repeated.build, name).reason == "input");
    CHECK(judge(good.build, name, stopped).reason == "interrupted");
  }
  CHECK(judge(good.build, "causal", small).reason == "budget.memory");
  CHECK(judge(good.build, "causal").verdict == Verdict::pass);
  CHECK(judge(good.build, "sequential").verdict == Verdict::pass);
  CHECK(judge(good.build, "session").verdict == Verdict::pass);
}

TEST_CASE("order: every witness is illegal by itself and 1-minimal") {
  const std::uint64_t seed = seed_of_run();
  INFO("SUNDER_TEST_SEED=" << seed);
  std::mt19937_64 dice(seed);
  int fails = 0;
  for (int run = 0; run < 400; ++run) {
    Build build;
    build.history = random_sessions(dice, {3, 2, 14, true, true});
    for (const char* name : {"causal", "sequential", "session"}) {
      const auto result = judge(build, name);
      CAPTURE(run, name, result.text);
      REQUIRE(result.reason != "crashed");
      if (result.verdict != Verdict::fail) continue;
      ++fails;
      // Alone it fails still; without any operation (and the reads of what it wrote) it does not.
      const auto part = [&](std::uint32_t left_out) {
        Build some;
        some.history = build.history;
        std::erase_if(some.history.ops, [&](const Op& op) {
          return !std::binary_search(result.witness.begin(), result.witness.end(),
                                     op.invoke_event) ||
                 op.invoke_event == left_out;
        });
        const auto has_writer = [&](const Op& op, ValueId value) {
          return value == build.history.initial ||
                 std::any_of(some.history.ops.begin(), some.history.ops.end(), [&](const Op& w) {
                   return w.kind != OpKind::read && w.key == op.key && w.value == value;
                 });
        };
        for (bool again = true; again;) {
          const std::size_t before = some.history.ops.size();
          auto& ops = some.history.ops;
          ops.erase(std::remove_if(ops.begin(), ops.end(),
                                   [&](const Op& op) {
                                     return op.kind == OpKind::read && !has_writer(op, op.value);
                                   }),
                    ops.end());
          again = ops.size() != before;
        }
        for (Op& op : some.history.ops) {
          if (op.kind == OpKind::cas && !has_writer(op, op.old)) op.kind = OpKind::write;
        }
        return some;
      };
      REQUIRE(judge(part(kNone), name).verdict == Verdict::fail);
      // A witness of "session" is one of its first part that is violated; less of it may violate another part.
      std::string part_name = name;
      const std::string violated = "Violated: ";
      if (part_name == "session" && result.text.rfind(violated, 0) == 0) {
        part_name = result.text.substr(violated.size());
        part_name.resize(part_name.find_first_of(",."));
      }
      for (const std::uint32_t event : result.witness) {
        if (event % 2 == 1) continue;  // a completion: its operation has gone with the invocation
        const auto rest = judge(part(event), part_name.c_str());
        CAPTURE(event, rest.text, told(part(kNone).history), told(part(event).history));
        REQUIRE(rest.verdict != Verdict::fail);
      }
    }
  }
  CHECK(fails > 20);
}

}  // namespace sunder::check::test
