// session: the four session guarantees, each by itself; the verdict is the worst of the four.
//
// History → sessions → read-your-writes, monotonic-reads, monotonic-writes, writes-follow-reads → **CheckResult** of the
// worst (the first that fails; then the first unknown that is not vacuous). All four under one order of writes are more:
// that is `causal`.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/order_checks_test.cpp.
#include "check/check_kind.hpp"
#include "check/deadline.hpp"
#include "check/order/report.hpp"
#include "check/order/words.hpp"

namespace sunder::check {

namespace {

constexpr struct {
  const char* name;
  order::Sight sight;
} kParts[] = {{"read-your-writes", order::kReadYourWrites},
              {"monotonic-reads", order::kMonotonicReads},
              {"monotonic-writes", order::kMonotonicWrites},
              {"writes-follow-reads", order::kWritesFollowReads}};

CheckResult run_session(const CheckInput& input) {
  const Nanos started = monotonic_clock().now();
  const auto sessions = order::sessions_of(input.history);
  CheckResult worst;
  std::string failed;
  std::string vacuous;
  std::uint64_t power = 0;
  std::uint64_t inside = 0;
  std::uint64_t across = 0;
  bool first = true;
  for (const auto& part : kParts) {
    CheckResult one = order::check_sight(part.name, part.sight, sessions, input.history,
                                         left_of(input.budget, started), input.windows);
    power += one.power;
    inside += one.power_inside;
    across += one.power_across;
    const bool no_power = one.reason == "vacuous.no_power";
    if (no_power) vacuous += (vacuous.empty() ? "" : ", ") + std::string(part.name);
    if (one.verdict == Verdict::fail) {
      // Without monotonic reads the last two can't be told apart from it.
      if (part.sight.own_reads && worst.verdict == Verdict::fail && !first &&
          failed.find("monotonic-reads") != failed.npos) {
        continue;
      }
      failed += (failed.empty() ? "" : ", ") + std::string(part.name);
      if (worst.verdict != Verdict::fail || first) worst = std::move(one);
    } else if (first || (worst.verdict != Verdict::fail && !no_power &&
                         (worst.reason == "vacuous.no_power" ||
                          merge(worst.verdict, one.verdict) != worst.verdict))) {
      worst = std::move(one);
    }
    first = false;
  }
  worst.name = "session";
  worst.power = power;
  worst.power_inside = inside;
  worst.power_across = across;
  worst.method = "forced order, each guarantee by itself";
  if (worst.verdict == Verdict::fail) {
    worst.text = "Violated: " + failed + ". " + worst.text;
  } else if (worst.verdict == Verdict::pass) {
    worst.text = "Not refuted in " + order::count_of(power, "opportunity", "opportunities") +
                 " of " + order::count_of(sessions.count(), "session", "sessions") + ".";
    if (!vacuous.empty()) worst.text += " Without power: " + vacuous + ".";
  }
  return worst;
}

}  // namespace

extern const CheckKind session_check;
const CheckKind session_check{
    "session",   "read-your-writes, monotonic-reads, monotonic-writes and writes-follow-reads",
    false,       order::has_registers,
    run_session, 280,
};

}  // namespace sunder::check
