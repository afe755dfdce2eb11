// See turn.hpp.
#include "harness/turn.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace sunder::harness {
namespace {

// Waits until the cluster serves again, and writes it down.
void await_recovery(NemesisContext& context, const std::string& fault, Nanos healed_at) {
  context.log->set_state("waiting for the cluster after " + fault);
  RecoveryRecord record;
  record.fault = fault;
  record.healed_at = healed_at;
  record.bound = context.recovery_bound;
  const auto at =
      Probe(*context.cluster, *context.clock).wait_serving(context.recovery_bound, context.stop);
  if (!at && context.stop()) return;  // interrupted: nobody knows
  if (at) {
    record.recovered = true;
    record.recovered_at = *at - context.t0;
  }
  context.log->recovered(record);
  const std::string text = at ? "every node serves again " +
                                    seconds_text(record.recovered_at - healed_at) + " after " +
                                    fault + " was healed"
                              : "the cluster does not serve " + seconds_text(record.bound) +
                                    " after " + fault + " was healed";
  context.log->say(text);
  // A note in the event log, for people who read it; the results have it anyway.
  static_cast<void>(context.control->note(text, {{"fault", fault}}));
}

}  // namespace

Status skip_turn(NemesisContext& context, const Error& why) {
  if (why.code != ErrorCode::timeout) return why;
  if (!context.stop()) {
    context.log->note("No turn at " + seconds_text(context.now()) + ": " + why.message + ".");
  }
  return {};
}

Status run_turn(NemesisContext& context, const NemesisSpec& spec, const std::string& wanted,
                const Breakage& breakage) {
  auto begun = breakage.begin(wanted);
  if (!begun) return begun.error();
  ++*context.in_force;
  Turn done{spec, breakage.nodes};
  // Whole milliseconds, rounded down: windows that did not overlap still do not.
  const Nanos at = std::max<Nanos>(0, context.t0 + begun->asked_at - context.start);
  done.spec.at = at / kMillisecond * kMillisecond;
  done.spec.turn = context.turn;
  context.log->turned(done);
  const std::string what = breakage.verb + " " + begun->name + ": " + breakage.text;
  context.log->set_state(what);
  context.log->say(what + ", in force after " +
                   format_duration(begun->in_force_at - begun->asked_at));
  sleep_until(*context.clock, context.t0 + begun->in_force_at + spec.duration, context.stop);
  const Nanos mended_at = context.now();
  const Status mended = breakage.mend(*begun);
  const bool last = --*context.in_force == 0;
  SUNDER_TRY(mended);
  context.log->say(breakage.mended + " " + begun->name);
  if (last) await_recovery(context, begun->name, mended_at);
  context.log->set_state(*context.in_force > 0 ? "others are in force" : "");
  return {};
}

}  // namespace sunder::harness
