// recovery: how long after a heal each node answers again, from the history. A measurement.
//
// History + fault windows → **RecoveryRow list** → CheckResult, JSON. A run has its own record of recoveries besides,
// probed inside each node's namespace (harness/judge.hpp); here clients tell, so it works for any recorded history.
// Only what was asked after the heal and before the next window opens counts.
// Thread: pure. Tested by tests/check/measures_test.cpp.
#include <algorithm>

#include "check/check_kind.hpp"
#include "check/json.hpp"
#include "check/order/measures.hpp"
#include "check/order/words.hpp"

namespace sunder::check {

namespace {

Nanos next_window(const std::vector<FaultWindow>& windows, Nanos after) {
  Nanos next = kNever;
  for (const auto& window : windows) {
    if (window.from >= after) next = std::min(next, window.from);
  }
  return next;
}

std::string json_of(const std::vector<RecoveryRow>& rows) {
  std::string out = "{\"recovery\":[";
  for (const auto& row : rows) {
    out += out.back() == '[' ? "{\"fault\":" : ",{\"fault\":";
    append_json_string(out, row.fault);
    out += ",\"healed_at\":" + std::to_string(row.healed_at) + ",\"node\":";
    append_json_string(out, row.node);
    out += ",\"asked\":" + std::to_string(row.asked) +
           ",\"after_ns\":" + (row.after ? std::to_string(*row.after) : "null") + "}";
  }
  return out + "]}";
}

}  // namespace

std::vector<RecoveryRow> measure_recovery(const History& history,
                                          const std::vector<FaultWindow>& windows) {
  std::vector<RecoveryRow> rows;
  for (const auto& window : windows) {
    if (window.to == kNever) continue;
    const Nanos end = next_window(windows, window.to);
    const std::size_t first = rows.size();
    for (const auto& node : history.nodes) {
      rows.push_back({window.name, window.to, node, 0, std::nullopt});
    }
    for (const Op& op : history.ops) {
      if (op.invoked < window.to || op.invoked >= end || op.node >= history.nodes.size()) continue;
      RecoveryRow& row = rows[first + op.node];
      ++row.asked;
      if (op.outcome != EventType::ok) continue;
      const Nanos after = op.completed - window.to;
      row.after = std::min(row.after.value_or(after), after);
    }
    std::erase_if(rows, [](const RecoveryRow& row) { return row.asked == 0; });
  }
  return rows;
}

CheckResult check_recovery(const History& history, const std::vector<FaultWindow>& windows,
                           const std::optional<Nanos>& bound) {
  const auto rows = measure_recovery(history, windows);
  CheckResult result;
  result.name = "recovery";
  result.verdict = Verdict::pass;
  result.method = "first answer of each node after each heal";
  result.power = rows.size();
  result.measured = json_of(rows);
  const RecoveryRow* worst = nullptr;
  for (const auto& row : rows) {
    const bool worse =
        worst == nullptr || (worst->after && (!row.after || *row.after > *worst->after));
    if (worse) worst = &row;
  }
  if (worst == nullptr) {
    result.text = "No heal was followed by an operation: nothing to measure.";
    if (!bound) return result;
    result.verdict = Verdict::unknown;
    result.reason = "vacuous.fault";
    return result;
  }
  if (worst->after) {
    result.text = "Every node answered again after each heal; the slowest was " + worst->node +
                  ", " + order::Words::length(*worst->after) + " after the heal of " +
                  worst->fault + ".";
  } else {
    result.text = "After the heal of " + worst->fault + " " + worst->node + " answered none of " +
                  order::count_of(worst->asked, "operation", "operations") + ".";
  }
  if (bound && (!worst->after || *worst->after > *bound)) {
    result.verdict = Verdict::fail;
    result.text += " The bound is " + order::Words::length(*bound) + ".";
  }
  return result;
}

extern const CheckKind recovery_check;
const CheckKind recovery_check{
    "recovery",
    "how long after a heal each node answers again",
    true,
    [](const History& history) { return !history.ops.empty(); },
    [](const CheckInput& input) { return check_recovery(input.history, input.windows); },
    16,
};

}  // namespace sunder::check
