// See budget.hpp.
#include "harness/budget.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/config.hpp"
#include "base/units.hpp"
#include "harness/nemesis.hpp"

namespace sunder::harness {
namespace {

// So long after the first turn's start a load may end: the turn has begun by then.
constexpr Nanos kTurnBegins = kSecond;
constexpr Nanos kChecksPart = 10;  // of the budget, one in so many

}  // namespace

Nanos BudgetNeeds::after_load() const {
  return turn + recovery + answers + quiet + reads + checks + end;
}

Nanos BudgetNeeds::least() const {
  return start + load + after_load();
}

BudgetNeeds budget_needs(const Suite& suite, const System& system) {
  BudgetNeeds out;
  // Where the others wait for the first node, the bound holds for it and then for all.
  out.start = system.ready_timeout * (system.first_alone ? 2 : 1);
  out.load = std::min(suite.workload.time, kTurnBegins);
  const std::vector<Nanos> none(suite.nemeses.size(), -1);
  if (const auto first = next_turn(suite.nemeses, none, 0, 0)) {
    out.load = std::min(suite.workload.time, first->start + kTurnBegins);
    out.recovery = suite.recovery.bound;
  }
  for (const NemesisSpec& spec : suite.nemeses) out.turn = std::max(out.turn, spec.duration);
  out.answers = suite.workload.op_timeout;
  out.quiet = suite.workload.quiet;
  out.reads = suite.workload.op_timeout;
  return out;
}

Status budget_fits(Nanos budget, const BudgetNeeds& needs) {
  if (budget >= needs.least()) return {};
  const std::vector<std::pair<const char*, Nanos>> parts{
      {"start of the cluster", needs.start}, {"load", needs.load},
      {"longest fault", needs.turn},         {"recovery", needs.recovery},
      {"last answers", needs.answers},       {"quiet", needs.quiet},
      {"final reads", needs.reads},          {"checks", needs.checks},
      {"report and end", needs.end}};
  std::vector<std::string> shares;
  for (const auto& [what, share] : parts) {
    if (share > 0) shares.push_back(std::string(what) + " " + format_duration(share));
  }
  return Error{ErrorCode::invalid,
               "--budget " + format_duration(budget) +
                   " is too short for this suite: the least is " + format_duration(needs.least()) +
                   " (" + list_of(shares) +
                   "); give it, or shorten \"for\" of the nemesis, \"within\" of the recovery or "
                   "\"op_timeout\" in the suite"};
}

BudgetPlan plan_budget(Nanos budget, Nanos begin, Nanos now, const BudgetNeeds& needs,
                       Nanos asked) {
  BudgetPlan out;
  out.end = begin + budget;
  out.start_by = out.end - needs.after_load() - needs.load;
  // The checks of a long run have more to do; but they do not take the shortest load's time.
  const Nanos wanted = std::clamp(budget / kChecksPart, needs.checks, kMostChecks);
  const Nanos room = out.end - now - needs.after_load();
  const Nanos extra = std::clamp<Nanos>(room - needs.load, 0, wanted - needs.checks);
  out.load = std::clamp<Nanos>((room - extra) / kMillisecond * kMillisecond, 0, asked);
  out.checks_by = out.end - needs.end;
  // What is still to come is kept free; the checks' extra share is what a late recovery takes first.
  out.reads_by = out.checks_by - needs.checks;
  out.serve_by = out.reads_by - needs.reads - needs.quiet;
  out.halt_at = out.serve_by - needs.answers;
  return out;
}

std::string shortened_words(const RunBudget& budget) {
  if (budget.plan.load == 0 || budget.plan.load >= budget.load_asked) return "";
  return "The load lasted " + format_duration(budget.plan.load) + " instead of " +
         format_duration(budget.load_asked) + ": the budget of " + format_duration(budget.budget) +
         " leaves no more.";
}

}  // namespace sunder::harness
