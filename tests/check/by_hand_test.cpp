// Every check on histories written by hand from its definition: tests/check/by_hand/<check>.txt (README.md beside them).
//
// file → cases → JSON Lines → read_history → the check → the verdict that the case names.
// What a check can't answer stands in kNoVerdict with the reason; every other verdict must have a history.
#include "tests/check/by_hand.hpp"

#include <algorithm>
#include <atomic>
#include <set>

#include "check/check_kind.hpp"
#include "check/order/measures.hpp"
#include "tests/support/catch.hpp"

namespace sunder::check::test {
namespace {

struct Never {
  const char* check;
  const char* verdict;
  const char* why;
};
constexpr Never kNoVerdict[] = {
    {"availability", "fail", "a measurement; only a suite's bound judges it (tests/harness)"},
    {"availability", "unknown", "a window that is too short is said in its row (`judged`)"},
    {"availability", "vacuous", "without a cut there is nothing to count, and that is no verdict"},
    {"staleness", "unknown", "a measurement counts the reads whose write is known"},
    {"convergence", "unknown", "a key that was not read at two nodes is vacuous, said in its row"},
    {"recovery", "unknown", "a node that was not asked has no row"},
};

std::int64_t number_of(const std::string& bound) {
  return std::stoll(bound.substr(bound.find('=') + 1));
}

CheckResult judge(const std::string& check, const Case& one, const History& history) {
  if (!one.bound.empty()) {
    const std::int64_t number = number_of(one.bound);
    if (check == "convergence") {
      return check_convergence(history, one.windows, ConvergenceBound{number * kMillisecond});
    }
    if (check == "recovery") return check_recovery(history, one.windows, number * kMillisecond);
    StalenessBound bound;
    if (one.bound.rfind("age=", 0) == 0) bound.age = number * kMillisecond;
    if (one.bound.rfind("behind=", 0) == 0) bound.behind = static_cast<std::uint64_t>(number);
    return check_staleness(history, one.windows, bound);
  }
  const std::atomic<bool> interrupted = one.interrupted;
  Budget budget;
  budget.interrupted = &interrupted;
  const CheckKind* kind = find_check(check);
  CHECK(kind->applies(history));
  return kind->run({history, budget, one.windows, 1, "", one.negative_balances});
}

void expect(const std::string& check, const Case& one) {
  const History history = history_of(one);
  const CheckResult result = judge(check, one, history);
  CAPTURE(check, one.line, one.title, result.text, result.reason);
  const bool vacuous = one.verdict == "vacuous";
  CHECK(std::string(name_of(result.verdict)) == (vacuous ? "unknown" : one.verdict));
  CHECK(result.name == check);
  CHECK(!result.text.empty());
  CHECK(!result.method.empty());
  if (vacuous) CHECK(result.reason.rfind("vacuous.", 0) == 0);
  if (one.verdict == "unknown") CHECK(result.reason == one.detail);
  if (one.verdict == "pass" || one.verdict == "fail") CHECK(result.reason.empty());
  if (one.verdict != "fail") CHECK(result.witness.empty());
  if (one.verdict == "pass") CHECK(result.power > 0);
  if (one.verdict != "fail") return;
  const auto ops = std::count_if(history.ops.begin(), history.ops.end(), [&](const Op& op) {
    return std::binary_search(result.witness.begin(), result.witness.end(), op.invoke_event);
  });
  CHECK(std::to_string(ops) == one.detail);
}

}  // namespace

TEST_CASE("by hand: every check gives every verdict that it can, for the reasons of its definition",
          "[check]") {
  for (const CheckKind* check : all_checks()) {
    std::set<std::string> verdicts;
    for (const Case& one : read_cases(check->name)) {
      expect(check->name, one);
      verdicts.insert(one.verdict);
    }
    for (const char* verdict : {"pass", "fail", "unknown", "vacuous"}) {
      const bool never =
          std::any_of(std::begin(kNoVerdict), std::end(kNoVerdict), [&](const Never& row) {
            return check->name == std::string(row.check) && verdict == std::string(row.verdict);
          });
      CAPTURE(check->name, verdict);
      CHECK(verdicts.contains(verdict) == !never);
    }
  }
}

}  // namespace sunder::check::test
