// sequential: one sequence of all operations that keeps the order of every session.
//
// History → sessions → a quick schedule → causal (refutes it as well) → saturation → schedule with what is forced → search
// within the budget → **CheckResult**. NP-complete in general; a pass is a sequence that was replayed, a fail a witness
// that brute force judged again, and what is left is unknown.
// Sources: Lamport, IEEE ToC 1979; Gibbons and Korach, SIAM J. Comput. 1997; Zennou et al., CAV 2019.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/order_checks_test.cpp.
#include <new>

#include "check/check_kind.hpp"
#include "check/order/brute.hpp"
#include "check/order/report.hpp"
#include "check/order/schedule.hpp"
#include "check/order/serial.hpp"

namespace sunder::check {

namespace {

using order::Part;
using order::Schedule;
using order::Sessions;

constexpr std::size_t kMostForWitness = 2000;  // operations of a history that only search refutes

class Sequential {
 public:
  explicit Sequential(const CheckInput& input)
      : input_(input),
        started_(monotonic_clock().now()),
        deadline_(input.budget),
        sessions_(order::sessions_of(input.history)),
        reporter_("sequential", input.history, input.budget, input.windows) {}

  CheckResult run() {
    if (!reporter_.defects(sessions_)) {
      try {
        decide();
      } catch (const std::bad_alloc&) {
        reporter_.stopped("budget.memory");
      }
    }
    return reporter_.finish(sessions_, method_);
  }

 private:
  void decide() {
    // What causal can refute, sequential can: the reads that had to have seen something are its power, too.
    const auto causal = order::judge_sight(sessions_, order::kCausal, deadline_, memory());
    reporter_.chances(sessions_, causal.chances);
    if (causal.refuted) {
      return refute(order::proof_of(sessions_, order::kCausal, *causal.refuted));
    }
    const std::uint64_t quick = 2 * sessions_.nodes.size() + 16;
    if (scheduled({}, quick) == Schedule::Outcome::found) return;
    const auto forced = order::saturate(sessions_, deadline_, memory());
    if (forced.refuted) return refute(forced.proof);
    if (forced.stopped != nullptr) return reporter_.stopped(forced.stopped);
    method_ = "saturation, then search";
    if (scheduled(forced.forced, 0) == Schedule::Outcome::none) refute_all();
  }

  [[nodiscard]] std::uint64_t memory() const { return input_.budget.memory_bytes; }

  Schedule::Outcome scheduled(const std::vector<order::Edge>& forced, std::uint64_t steps) {
    const auto found =
        order::find_schedule(input_.history, sessions_, forced, deadline_, memory(), steps);
    if (found.outcome == Schedule::Outcome::found) {
      if (!order::replay(sessions_, found.sequence)) reporter_.stopped("crashed");
      if (forced.empty()) method_ = "a sequence found and replayed";
    } else if (found.outcome == Schedule::Outcome::stopped && steps == 0) {
      reporter_.stopped(found.stopped);
    }
    return found.outcome;
  }

  void refute(Part proof) {
    method_ = "forced order, saturation";
    const Deadline more(order::rest_of(input_.budget, started_));
    const auto quick = [&](const Sessions& part) {
      return order::saturate(part, more, memory()).refuted;
    };
    reporter_.refuted(sessions_, std::move(proof), quick, exact, nullptr);
  }

  // Search found that no sequence exists, but no cycle: what is to be shown must be sought among all operations.
  void refute_all() {
    if (sessions_.nodes.size() > kMostForWitness) return reporter_.stopped("budget.time");
    Part all;
    for (std::uint32_t n = 0; n < sessions_.nodes.size(); ++n) all.push_back(n);
    const Deadline more(order::rest_of(input_.budget, started_));
    const auto quick = [&](const Sessions& part) {
      return order::find_schedule(input_.history, part, {}, more, memory()).outcome ==
             Schedule::Outcome::none;
    };
    reporter_.refuted(sessions_, std::move(all), quick, exact, nullptr);
  }

  static bool exact(const Sessions& part) { return order::some_sequence(part) == false; }

  const CheckInput& input_;
  Nanos started_;
  Deadline deadline_;
  Sessions sessions_;
  order::Reporter reporter_;
  std::string method_ = "forced order, saturation";
};

}  // namespace

extern const CheckKind sequential_check;
const CheckKind sequential_check{
    "sequential",
    "one sequence of all operations that keeps the order of every session",
    false,
    order::has_registers,
    [](const CheckInput& input) { return Sequential(input).run(); },
};

}  // namespace sunder::check
