// A budget of wall-clock time: what a run needs, what is refused, and what each phase is left with.
#include "harness/budget.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

// 10 s to start, 3 s of calm and one second for a fault of 3 s, 10 s to recover, 2 s for answers and for reads.
Suite suite() {
  Suite out;
  out.workload.time = 20 * kSecond;
  out.workload.op_timeout = 2 * kSecond;
  out.recovery.bound = 10 * kSecond;
  NemesisSpec cut;
  cut.every = 6 * kSecond;
  cut.duration = 3 * kSecond;
  out.nemeses = {cut};
  return out;
}

System ready_within(Nanos bound) {
  System out;
  out.ready_timeout = bound;
  return out;
}

BudgetNeeds needs() {
  return budget_needs(suite(), ready_within(10 * kSecond));
}

}  // namespace

TEST_CASE("budget: the least is the sum of the phases' bounds and the shortest load") {
  const BudgetNeeds all = needs();
  CHECK(all.start == 10 * kSecond);
  CHECK(all.load == 4 * kSecond);
  CHECK(all.turn == 3 * kSecond);
  CHECK(all.recovery == 10 * kSecond);
  CHECK(all.after_load() == (3 + 10 + 2 + 2 + 5 + 5) * kSecond);
  CHECK(all.least() == 41 * kSecond);

  Suite calm = suite();
  calm.nemeses.clear();
  const BudgetNeeds without = budget_needs(calm, ready_within(10 * kSecond));
  CHECK(without.load == kSecond);  // nothing is healed, nothing recovers
  CHECK(without.turn + without.recovery == 0);

  Suite windows = suite();
  windows.nemeses[0].at = 7 * kSecond;
  windows.nemeses.push_back(windows.nemeses[0]);
  windows.nemeses[1].at = 500 * kMillisecond;
  windows.nemeses[1].duration = 8 * kSecond;
  windows.workload.quiet = 4 * kSecond;
  System two = ready_within(10 * kSecond);
  two.first_alone = true;
  const BudgetNeeds of_windows = budget_needs(windows, two);
  CHECK(of_windows.start == 20 * kSecond);
  CHECK(of_windows.load == 1500 * kMillisecond);  // the first window begins in it
  CHECK(of_windows.turn == 8 * kSecond);
  CHECK(of_windows.quiet == 4 * kSecond);

  Suite brief = suite();
  brief.workload.time = 2 * kSecond;  // less than the calm before the first fault
  CHECK(budget_needs(brief, ready_within(kSecond)).load == 2 * kSecond);
}

TEST_CASE("budget: what can't hold the shortest run is refused with the least, and its parts") {
  CHECK(budget_fits(41 * kSecond, needs()).ok());
  const Status refused = budget_fits(40 * kSecond, needs());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().message ==
        "--budget 40s is too short for this suite: the least is 41s (start of the cluster 10s, "
        "load 4s, longest fault 3s, recovery 10s, last answers 2s, final reads 2s, checks 5s and "
        "report and end 5s); give it, or shorten \"for\" of the nemesis, \"within\" of the "
        "recovery or \"op_timeout\" in the suite");
}

TEST_CASE("budget: the least budget grants the shortest load, also after the slowest start") {
  const Nanos begin = 100 * kSecond;
  const BudgetPlan slow =
      plan_budget(41 * kSecond, begin, begin + 10 * kSecond, needs(), 20 * kSecond);
  CHECK(slow.load == 4 * kSecond);
  CHECK(slow.start_by == begin + 10 * kSecond);
  CHECK(slow.halt_at == begin + (41 - 5 - 5 - 2 - 2) * kSecond);
  CHECK(slow.serve_by == slow.halt_at + 2 * kSecond);
  CHECK(slow.reads_by == slow.serve_by + 2 * kSecond);
  CHECK(slow.checks_by == slow.reads_by + 5 * kSecond);
  CHECK(slow.end == begin + 41 * kSecond);
  // The load, the fault that began at its end and its recovery are over when everything must stop.
  CHECK(begin + 10 * kSecond + slow.load + 13 * kSecond <= slow.halt_at);
}

TEST_CASE("budget: what a quick start leaves is the load's, up to what was asked for") {
  const BudgetPlan quick = plan_budget(41 * kSecond, 0, kSecond, needs(), 20 * kSecond);
  CHECK(quick.load == 13 * kSecond);
  CHECK(plan_budget(60 * kSecond, 0, kSecond, needs(), 20 * kSecond).load == 20 * kSecond);
  CHECK(plan_budget(60 * kSecond, 0, kSecond, needs(), 7 * kSecond).load == 7 * kSecond);
}

TEST_CASE("budget: a tenth of a long budget is kept for the checks, a minute at most") {
  // 600 s: 60 s for checks, 22 s for the rest after the load, 1 s of start.
  CHECK(plan_budget(600 * kSecond, 0, kSecond, needs(), 3600 * kSecond).load == 517 * kSecond);
  CHECK(plan_budget(1200 * kSecond, 0, kSecond, needs(), 3600 * kSecond).load == 1117 * kSecond);
  // The shortest load goes before the checks' extra share.
  const Nanos late = (100 - 27 - 4) * kSecond;
  CHECK(plan_budget(100 * kSecond, 0, late, needs(), 3600 * kSecond).load == 4 * kSecond);
  CHECK(plan_budget(100 * kSecond, 0, late - 2 * kSecond, needs(), 3600 * kSecond).load ==
        4 * kSecond);
}

TEST_CASE("budget: a load that was shortened is told, in words") {
  RunBudget budget;
  budget.budget = 45 * kSecond;
  budget.load_asked = 20 * kSecond;
  budget.plan.load = 12'345 * kMillisecond;
  CHECK(shortened_words(budget) ==
        "The load lasted 12.345s instead of 20s: the budget of 45s leaves no more.");
  budget.plan.load = 20 * kSecond;
  CHECK(shortened_words(budget).empty());
}
