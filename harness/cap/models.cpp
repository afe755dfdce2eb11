// Relays as the history has them, and the consistency models that the whole history leaves standing. See measure.hpp.
//
// A history refutes or does not; whether it could have refuted is another question. For causes and effects it could where
// a relay overtook the slow way: the effect was acknowledged before the cause could have come to the third node by itself.
// For one order of all operations it could where a crossing was over by then.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "check/ladder.hpp"
#include "harness/cap/measure.hpp"
#include "harness/cap/relay.hpp"

namespace sunder::harness::cap {
namespace {

using check::Op;
using check::OpKind;

// Operations on the relays' keys in one phase, in the order in which they began.
class PhaseOps {
 public:
  PhaseOps(const check::History& history, const PhaseRecord& phase)
      : history_(history), phase_(phase) {
    for (const Op& op : history.ops) {
      if (op.invoked >= phase.from && op.invoked < phase.to && op.outcome == EventType::ok) {
        ops_.push_back(&op);
      }
    }
  }
  [[nodiscard]] bool is(const Op& op, OpKind kind, const char* key, std::size_t runner) const {
    return op.kind == kind && op.key < history_.keys.size() && history_.keys[op.key] == key &&
           op.node < history_.nodes.size() && history_.nodes[op.node] == phase_.touched[runner];
  }
  /// The first such operation in [from, end); `value`: nothing: any.
  [[nodiscard]] const Op* first(OpKind kind, const char* key, std::size_t runner, Nanos from,
                                Nanos end, std::optional<check::ValueId> value = {}) const {
    for (const Op* op : ops_) {
      if (op->invoked < from || op->invoked >= end || (value && op->value != *value)) continue;
      if (is(*op, kind, key, runner)) return op;
    }
    return nullptr;
  }
  [[nodiscard]] const std::vector<const Op*>& all() const { return ops_; }

 private:
  const check::History& history_;
  const PhaseRecord& phase_;
  std::vector<const Op*> ops_;
};

// The relay of one cause, which ended before `end`.
void add_relay(const PhaseOps& ops, const Op& cause, Nanos end, Nanos slow, RaceFindings* out) {
  ++out->begun;
  const Op* seen = ops.first(OpKind::read, kCauseKey, 1, cause.completed, end, cause.value);
  if (seen == nullptr) return;
  const Op* effect = ops.first(OpKind::write, kEffectKey, 1, seen->completed, end);
  if (effect == nullptr) return;
  const Op* shown = ops.first(OpKind::read, kEffectKey, 2, effect->completed, end, effect->value);
  if (shown == nullptr) return;
  const Op* asked = ops.first(OpKind::read, kCauseKey, 2, shown->completed, end);
  if (asked == nullptr) return;
  ++out->complete;
  if (effect->completed - cause.invoked < slow) ++out->overtook;
  if (asked->value != cause.value) ++out->stale;
}

// The crossing of one write, which ended before `end`.
void add_crossing(const PhaseOps& ops, const Op& left, Nanos end, Nanos slow, RaceFindings* out) {
  ++out->begun;
  const Op* before = ops.first(OpKind::read, kRightKey, 0, left.completed, end);
  if (before == nullptr) return;
  const Op* right = ops.first(OpKind::write, kRightKey, 2, before->completed, end);
  if (right == nullptr) return;
  const Op* asked = ops.first(OpKind::read, kLeftKey, 2, right->completed, end);
  if (asked == nullptr) return;
  ++out->complete;
  if (asked->completed - left.invoked < slow) ++out->overtook;
  if (asked->value != left.value) ++out->stale;
}

using AddRace = void (*)(const PhaseOps&, const Op&, Nanos, Nanos, RaceFindings*);

// Races begin with a write of `key` at the first node, and are over when the next one begins.
RaceFindings measure_races(const MeasureInput& input, const Records& records, const char* key,
                           AddRace add) {
  RaceFindings out;
  for (const PhaseRecord& phase : records.phases) {
    if (phase.plan.kind != PhaseKind::relay || phase.touched.size() != kRelayers) continue;
    const PhaseOps ops(input.history, phase);
    const Op* begin = nullptr;
    for (const Op* op : ops.all()) {
      if (!ops.is(*op, OpKind::write, key, 0)) continue;
      if (begin != nullptr) add(ops, *begin, op->invoked, phase.plan.rtt, &out);
      begin = op;
    }
    if (begin != nullptr) add(ops, *begin, phase.to, phase.plan.rtt, &out);
  }
  return out;
}

constexpr std::array<std::string_view, 4> kOfCauses{"sequential", "causal", "session",
                                                    "writes-follow-reads"};
constexpr std::array<std::string_view, 4> kSingle{"read-your-writes", "monotonic-reads",
                                                  "monotonic-writes", "writes-follow-reads"};

bool is_one_of(const std::array<std::string_view, 4>& models, std::string_view name) {
  return std::find(models.begin(), models.end(), name) != models.end();
}

}  // namespace

RaceFindings measure_relays(const MeasureInput& input, const Records& records) {
  return measure_races(input, records, kCauseKey, add_relay);
}

RaceFindings measure_crossings(const MeasureInput& input, const Records& records) {
  return measure_races(input, records, kLeftKey, add_crossing);
}

std::vector<ModelFindings> measure_models(const MeasureInput& input, const RaceFindings& relays,
                                          const RaceFindings& crossings) {
  std::vector<ModelFindings> out;
  for (const check::Rung& rung :
       check::climb({input.history, input.budget, input.windows, 1, ""}).rungs) {
    ModelFindings model;
    model.name = rung.result.name;
    model.state = check::name_of(rung.state);
    model.power = rung.result.power;
    model.text = rung.result.text;
    const bool tried = (!is_one_of(kOfCauses, model.name) || relays.overtook > 0) &&
                       (model.name != "sequential" || crossings.overtook > 0);
    model.shown = rung.state == check::RungState::pass && tried;
    model.single = is_one_of(kSingle, model.name);
    out.push_back(std::move(model));
  }
  return out;
}

const ModelFindings* Findings::strongest() const {
  const auto best = std::find_if(models.begin(), models.end(),
                                 [](const ModelFindings& model) { return model.shown; });
  return best == models.end() ? nullptr : &*best;
}

}  // namespace sunder::harness::cap
