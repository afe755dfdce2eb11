// See judge.hpp.
#include "calibrate/judge.hpp"

#include <algorithm>
#include <set>

#include "base/assert.hpp"
#include "check/check_kind.hpp"
#include "check/order/measures.hpp"

namespace sunder::calibrate {
namespace {

using check::History;
using check::Op;
using check::OpKind;
using check::ValueId;
using nodes::Kind;
using nodes::SimEnd;
using nodes::SimOp;

constexpr double kSeconds = 20;  // of one check on one small history

OpKind kind_of(Kind kind) {
  switch (kind) {
    case Kind::read: return OpKind::read;
    case Kind::write: return OpKind::write;
    case Kind::cas: return OpKind::cas;
    case Kind::add: return OpKind::add;
    case Kind::increment: return OpKind::increment;
  }
  return OpKind::other;
}

ValueId intern(History& history, const nodes::Value& value) {
  return value ? history.values.intern(*value) : check::kAbsent;
}

ValueId intern_list(History& history, const std::vector<std::int64_t>& list) {
  std::vector<ValueId> ids;
  for (const std::int64_t element : list) ids.push_back(history.values.intern(element));
  return history.values.intern_list(ids);
}

void set_outcome(History& history, const SimOp& from, Op& op) {
  switch (from.end) {
    case SimEnd::ok: op.outcome = EventType::ok; return;
    case SimEnd::mismatch:
      op.outcome = EventType::fail;
      op.error = OpErrorClass::mismatch;
      op.observed = intern(history, from.observed);
      return;
    case SimEnd::failed:
      op.outcome = EventType::fail;
      op.error = OpErrorClass::definite;
      return;
    case SimEnd::unknown:
      op.outcome = EventType::info;
      op.error = OpErrorClass::timeout;
      return;
  }
}

bool belongs(const SimOp& op, Part part) {
  return part == Part::registers || op.set == (part == Part::sets);
}

std::vector<check::FaultWindow> windows_of(const nodes::SimRun& run) {
  check::FaultWindow window;
  window.name = "faults";
  window.kind = "simulated";
  window.to = run.healed;
  return {window};
}

// How long the history was when the last operation of the witness had ended.
std::size_t length_until(const History& history, const std::vector<std::uint32_t>& witness) {
  const std::set<std::uint32_t> events(witness.begin(), witness.end());
  Nanos end = 0;
  for (const Op& op : history.ops) {
    if (events.count(op.invoke_event) == 0) continue;
    end = std::max(end, op.completed == check::kNever ? op.invoked : op.completed);
  }
  const auto asked = std::count_if(history.ops.begin(), history.ops.end(),
                                   [&](const Op& op) { return op.invoked <= end; });
  return static_cast<std::size_t>(asked);
}

Finding judge_convergence(const History& history, const nodes::SimRun& run) {
  Finding out;
  out.verdict = check::Verdict::pass;
  for (const auto& row : check::measure_convergence(history, windows_of(run))) {
    if (row.state != check::ConvergenceRow::State::unobserved) ++out.power;
    if (row.state != check::ConvergenceRow::State::diverged) continue;
    out.verdict = check::Verdict::fail;
    out.history = history.ops.size();
    out.witness = row.finals.size();
    out.text = "the nodes show different values of " + history.keys[row.key] + " at the end";
  }
  return out;
}

Finding judge_history(const check::CheckKind& kind, const History& history,
                      const nodes::SimRun& run) {
  const auto windows = windows_of(run);
  check::Budget budget;
  budget.seconds = kSeconds;
  const check::CheckResult result = kind.run({history, budget, windows, 1, ""});
  Finding out;
  out.verdict = result.verdict;
  out.text = result.text;
  out.power = result.power;
  if (result.verdict == check::Verdict::fail) {
    const std::set<std::uint32_t> events(result.witness.begin(), result.witness.end());
    for (const Op& op : history.ops) out.witness += events.count(op.invoke_event);
    out.history = length_until(history, result.witness);
  }
  return out;
}

}  // namespace

History history_of(const nodes::SimRun& run, unsigned nodes, Part part,
                   std::optional<std::uint32_t> key) {
  History history;
  for (unsigned n = 0; n < nodes; ++n) history.nodes.push_back("n" + std::to_string(n + 1));
  history.header.nodes = history.nodes;
  history.header.suite = "calibrate";
  for (const SimOp& from : run.ops) {
    if (!belongs(from, part) || (key && from.key != *key)) continue;
    Op op;
    op.kind = kind_of(from.kind);
    op.invoked = from.invoked;
    op.completed =
        from.completed < 0 || from.end == SimEnd::unknown ? check::kNever : from.completed;
    op.process = static_cast<std::int32_t>(from.process);
    op.node = static_cast<std::uint16_t>(from.node);
    op.key = from.key;
    op.invoke_event = static_cast<std::uint32_t>(2 * history.ops.size());
    op.complete_event = op.completed == check::kNever ? check::kNone : op.invoke_event + 1;
    const bool asked = from.kind != Kind::read;
    if (asked || from.end == SimEnd::ok) {
      op.value = !asked && from.set ? intern_list(history, from.list) : intern(history, from.value);
    }
    if (from.kind == Kind::cas) op.old = intern(history, from.expected);
    set_outcome(history, from, op);
    while (history.keys.size() <= from.key) {
      history.keys.push_back("k" + std::to_string(history.keys.size() + 1));
    }
    history.ops.push_back(op);
    history.events += 2;
  }
  return history;
}

Finding judge(const nodes::SimRun& run, const nodes::Mode& mode, unsigned nodes,
              const std::string& check) {
  const Part part = check == "set"       ? Part::sets
                    : check == "counter" ? Part::counters
                                         : Part::registers;
  if (check == "convergence") return judge_convergence(history_of(run, nodes, part), run);
  const check::CheckKind* kind = check::find_check(check);
  SUNDER_ASSERT(kind != nullptr);
  if (!mode.per_key) return judge_history(*kind, history_of(run, nodes, part), run);
  std::set<std::uint32_t> keys;
  for (const SimOp& op : run.ops) keys.insert(op.key);
  Finding out;
  out.verdict = check::Verdict::pass;
  for (const std::uint32_t key : keys) {
    const Finding one = judge_history(*kind, history_of(run, nodes, part, key), run);
    const std::uint64_t power = out.power + one.power;
    // A key that nobody read says nothing; the others do.
    const bool silent = one.verdict == check::Verdict::unknown && one.power == 0;
    if (!silent && one.verdict > out.verdict) out = one;
    out.power = power;
  }
  if (out.power == 0) out.verdict = check::Verdict::unknown;
  return out;
}

}  // namespace sunder::calibrate
