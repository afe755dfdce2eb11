// Budgets: every check ends with its time (the processor's, so that a busy machine makes no difference), says so when it is
// interrupted, and does not begin what can't fit into memory.
#include <atomic>
#include <ctime>
#include <fstream>
#include <map>
#include <string>

#include "check/check_kind.hpp"
#include "check/deadline.hpp"
#include "check/gen/gen.hpp"
#include "check/history.hpp"
#include "check/ladder.hpp"
#include "check/stages.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace sunder::check {
namespace {

// By the check's name: the model of a history that it judges; others take registers.
const char* model_for(const std::string& check) {
  static const std::map<std::string, const char*> models{
      {"set", "set"},
      {"queue", "fifo-queue"},
      {"counter", "counter"},
      {"lock", "mutex"},
      {"list-append", "list-append"},
      {"strict-serializable", "list-append"},
      {"serializable", "list-append"},
      {"snapshot-isolation", "list-append"},
      {"txn-causal", "txn-register"},
      {"read-atomic", "txn-register"},
      {"read-committed", "txn-register"},
      {"long-fork", "txn-register"},
  };
  const auto found = models.find(check);
  return found == models.end() ? "register" : found->second;
}

const History& history_of(const std::string& model) {
  static std::map<std::string, History> made;
  const auto [at, fresh] = made.try_emplace(model);
  if (!fresh) return at->second;
  const ::test::TempDir dir;
  const std::string path = dir.path() + "/history.jsonl";
  std::ofstream file(path);
  GenOptions options;
  options.model = model;
  options.ops = 20'000;
  options.keys = 20;
  REQUIRE(generate(options, [&](std::string_view text) -> Status {
    file << text;
    return {};
  }));
  file.close();
  auto history = read_history(path);
  REQUIRE(history);
  at->second = std::move(*history);
  return at->second;
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("budgets: every check ends near its time", "[check]") {
  for (const CheckKind* kind : all_checks()) {
    const History& history = history_of(model_for(kind->name));
    if (!kind->applies(history)) continue;  // bank
    CAPTURE(kind->name);
    Budget budget;
    budget.seconds = 0.05;
    const double start = processor_seconds();
    const CheckResult result = run_check(*kind, {history, budget, test::kNoWindows, 2, ""});
    CHECK(processor_seconds() - start < 1.5);  // 0.55 s, and room for sanitizers and two threads
    if (result.verdict == Verdict::unknown) CHECK(result.reason == "budget.time");
  }
}

TEST_CASE("budgets: an interrupted check says so", "[check]") {
  const std::atomic<bool> interrupted{true};
  Budget budget;
  budget.interrupted = &interrupted;
  for (const CheckKind* kind : all_checks()) {
    const History& history = history_of(model_for(kind->name));
    if (!kind->applies(history)) continue;
    CAPTURE(kind->name);
    const CheckResult result = run_check(*kind, {history, budget, test::kNoWindows, 2, ""});
    CHECK(result.verdict == Verdict::unknown);
    CHECK(result.reason == "interrupted");
  }
  for (const Rung& rung : climb({history_of("register"), budget, test::kNoWindows, 2, ""}).rungs) {
    CHECK(rung.result.reason == "interrupted");
  }
}

TEST_CASE("budgets: what can't fit into memory is not begun", "[check]") {
  Budget budget;
  budget.memory_bytes = 1 << 20U;
  const History& history = history_of("register");
  const CheckResult result =
      run_check(*find_check("session"), {history, budget, test::kNoWindows, 2, ""});
  CHECK(result.verdict == Verdict::unknown);
  CHECK(result.reason == "budget.memory");
}

TEST_CASE("budgets: all threads share one account of memory", "[check]") {
  Budget budget;
  budget.memory_bytes = 1000;
  const Stages stages(budget);
  Deadline other(stages.finding());
  {
    const Deadline hard(stages.finding());
    CHECK(hard.exceeded(800) == nullptr);  // more than a half
    CHECK(other.exceeded(0) == nullptr);   // holds nothing
    CHECK(other.exceeded(150) == nullptr);
    CHECK(other.exceeded(300) == std::string("budget.memory"));
    CHECK(hard.exceeded(800) == std::string("budget.memory"));
    CHECK(other.exceeded(100) == nullptr);
    CHECK(hard.exceeded(900) == nullptr);
  }
  CHECK(other.exceeded(1000) == nullptr);  // what the first one held is free again
  CHECK(other.exceeded(1001) == std::string("budget.memory"));
}

}  // namespace sunder::check
