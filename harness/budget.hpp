// Budget: one wall-clock time for a whole run, from the start of the cluster to the report, and what it leaves for the load.
//
// suite + system → budget_needs → budget_fits (before anything starts) → once the cluster serves: plan_budget → **runner**.
// Only the load is shortened: every other phase has its bound, and a bound that is cut would make a verdict of nothing.
// What is not used up by the phases before is the load's, and what the load leaves is the checks'.
// Thread: pure. Tested by tests/harness/budget_test.cpp.
#pragma once

#include <string>

#include "harness/suite.hpp"
#include "harness/system.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

/// Share of the checks: so much at least, and a tenth of a long budget.
constexpr Nanos kLeastChecks = 5 * kSecond;
constexpr Nanos kMostChecks = 60 * kSecond;
/// Results, report, and the end of the cluster, whose nodes are given time to end by themselves.
constexpr Nanos kEndShare = 5 * kSecond;

/// What the phases may take, in their order.
struct BudgetNeeds {
  Nanos start = 0;     ///< until every node serves: the system's bound
  Nanos load = 0;      ///< the least: the first turn of the nemesis begins in it
  Nanos turn = 0;      ///< the longest fault, for one may begin as the load ends
  Nanos recovery = 0;  ///< the suite's bound after a heal
  Nanos answers = 0;   ///< of the last operations
  Nanos quiet = 0;     ///< between the heal and the final reads
  Nanos reads = 0;     ///< of the last values
  Nanos checks = kLeastChecks;
  Nanos end = kEndShare;

  /// From the end of the load to the end of everything.
  [[nodiscard]] Nanos after_load() const;
  /// The least budget.
  [[nodiscard]] Nanos least() const;
};

[[nodiscard]] BudgetNeeds budget_needs(const Suite& suite, const System& system);

/// ERRORS: invalid, and says what the least is and of what it is made.
[[nodiscard]] Status budget_fits(Nanos budget, const BudgetNeeds& needs);

/// Moments on the clock, each the last at which its phase must be over.
struct BudgetPlan {
  Nanos start_by = 0;  ///< the cluster serves; later not even the shortest load has room
  Nanos load = 0;      ///< granted; not more than asked for
  Nanos halt_at = 0;   ///< nemesis and load stop, whatever they are at
  Nanos serve_by = 0;  ///< waiting for the cluster after the last heal
  Nanos reads_by = 0;
  Nanos checks_by = 0;
  Nanos end = 0;
};

/// `begin`: when the command started; `now`: when the load could start. REQUIRES a budget that fits, now <= start_by.
[[nodiscard]] BudgetPlan plan_budget(Nanos budget, Nanos begin, Nanos now, const BudgetNeeds& needs,
                                     Nanos asked);

/// A run's budget, as its runner has it.
struct RunBudget {
  Nanos budget = 0;
  Nanos begin = 0;       ///< on the clock
  Nanos load_asked = 0;  ///< by the suite or --time
  BudgetPlan plan;
};

/// "The load lasted 12s instead of 1m, because …"; empty where nothing was taken away.
[[nodiscard]] std::string shortened_words(const RunBudget& budget);

}  // namespace sunder::harness
