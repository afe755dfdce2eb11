// convergence: after the last heal and the last write of a key, do all nodes show the same value, and a legal one?
//
// History + fault windows → last read of each key at each node → **ConvergenceRow list** → CheckResult, JSON.
// A measurement; with a bound it judges. A final value is `lost` where an acknowledged write was asked after the final
// value's own write had been acknowledged: nothing can have overwritten that write, and nobody shows it. A key that fewer
// than two nodes show is `unobserved`, not diverged. Writes of unknown outcome end where the client gave up.
// Thread: pure. Tested by tests/check/measures_test.cpp.
#include <algorithm>

#include "check/check_kind.hpp"
#include "check/json.hpp"
#include "check/order/measures.hpp"
#include "check/order/report.hpp"
#include "check/order/words.hpp"

namespace sunder::check {

namespace {

using State = ConvergenceRow::State;

bool writes(const Op& op) {
  return (op.kind == OpKind::write || op.kind == OpKind::cas) && op.outcome != EventType::fail;
}

bool answered_read(const Op& op) {
  return op.kind == OpKind::read && op.outcome == EventType::ok && op.value != kUnknown;
}

Nanos last_heal(const std::vector<FaultWindow>& windows) {
  Nanos heal = 0;
  for (const auto& window : windows) heal = std::max(heal, window.to == kNever ? 0 : window.to);
  return heal;
}

const char* name_of(State state) {
  switch (state) {
    case State::agreed: return "agreed";
    case State::diverged: return "diverged";
    case State::lost: return "lost";
    case State::unobserved: return "unobserved";
  }
  return "?";
}

// The operations of one key, by invocation.
class KeyEnd {
 public:
  KeyEnd(const History& history, std::uint32_t key, const std::vector<std::uint32_t>& ops,
         Nanos heal)
      : history_(history), ops_(ops), quiet_(heal) {
    row_.key = key;
    for (const std::uint32_t o : ops) {
      const Op& op = history.ops[o];
      if (writes(op)) quiet_ = std::max(quiet_, op.completed == kNever ? op.invoked : op.completed);
    }
  }

  ConvergenceRow judge(Nanos heal) {
    find_finals();
    if (row_.finals.size() < 2) return row_;
    const ValueId value = history_.ops[row_.finals.front()].value;
    for (const std::uint32_t o : row_.finals) {
      if (history_.ops[o].value == value) continue;
      row_.state = State::diverged;
      return row_;
    }
    row_.lost = lost_write(value);
    row_.state = row_.lost == kNone ? State::agreed : State::lost;
    row_.after = agreed_at(value) - (heal > 0 ? heal : quiet_);
    row_.after = std::max<Nanos>(row_.after, 0);
    return row_;
  }

 private:
  void find_finals() {
    std::vector<std::uint32_t> last(history_.nodes.size(), kNone);
    for (const std::uint32_t o : ops_) {
      const Op& op = history_.ops[o];
      if (answered_read(op) && op.node < last.size() && op.invoked > quiet_) last[op.node] = o;
    }
    for (const std::uint32_t o : last) {
      if (o != kNone) row_.finals.push_back(o);
    }
  }

  // An acknowledged write that was asked after every write of `value` had been acknowledged, or kNone.
  [[nodiscard]] std::uint32_t lost_write(ValueId value) const {
    Nanos done = value == history_.initial ? -1 : kNever;
    bool first = true;
    for (const std::uint32_t o : ops_) {
      const Op& op = history_.ops[o];
      if (!writes(op) || op.value != value) continue;
      const Nanos end = op.outcome == EventType::ok ? op.completed : kNever;
      done = first && value != history_.initial ? end : std::max(done, end);
      first = false;
    }
    for (const std::uint32_t o : ops_) {
      const Op& op = history_.ops[o];
      if (writes(op) && op.outcome == EventType::ok && op.invoked > done && op.value != value) {
        return o;
      }
    }
    return kNone;
  }

  // When the last node began to show the value for good.
  [[nodiscard]] Nanos agreed_at(ValueId value) const {
    std::vector<Nanos> since(history_.nodes.size(), kNever);
    for (const std::uint32_t o : ops_) {
      const Op& op = history_.ops[o];
      if (!answered_read(op) || op.node >= since.size()) continue;
      if (op.value != value) {
        since[op.node] = kNever;
      } else {
        since[op.node] = std::min(since[op.node], op.completed);
      }
    }
    Nanos latest = 0;
    for (const Nanos moment : since) latest = std::max(latest, moment == kNever ? 0 : moment);
    return latest;
  }

  const History& history_;
  const std::vector<std::uint32_t>& ops_;
  Nanos quiet_;  // after this only reads
  ConvergenceRow row_;
};

std::string json_of(const History& history, const std::vector<ConvergenceRow>& rows) {
  std::string out = "{\"convergence\":[";
  for (const auto& row : rows) {
    out += out.back() == '[' ? "{\"key\":" : ",{\"key\":";
    append_json_string(out, history.keys.at(row.key));
    out += ",\"state\":\"" + std::string(name_of(row.state)) + "\",\"finals\":{";
    for (const std::uint32_t o : row.finals) {
      const Op& op = history.ops[o];
      if (out.back() != '{') out += ',';
      append_json_string(out, history.nodes.at(op.node));
      out += ":" + history.values.text(op.value);
    }
    out += "},\"after_ns\":" + (row.state == State::agreed ? std::to_string(row.after) : "null");
    out += "}";
  }
  return out + "]}";
}

std::string tell(const History& history, const std::vector<FaultWindow>& windows,
                 const ConvergenceRow& row) {
  const order::Words words(history, windows);
  std::string text;
  for (const std::uint32_t o : row.finals) {
    text += (text.empty() ? "" : ", ") + words.answer(history.ops[o]);
  }
  if (row.state == State::lost) {
    return text + ": the write of " + words.write(history.ops[row.lost]) +
           " is lost, for nothing can have overwritten it.";
  }
  return text + ", and the nodes never agreed after that.";
}

void fail(CheckResult& result, const History& history, const ConvergenceRow& row) {
  result.verdict = Verdict::fail;
  result.key = history.keys.at(row.key);
  auto ops = row.finals;
  if (row.state == State::lost) {
    ops.resize(1);
    ops.push_back(row.lost);
    for (std::uint32_t o = 0; o < history.ops.size(); ++o) {  // and what is shown instead
      const Op& op = history.ops[o];
      const bool shown = op.key == row.key && writes(op);
      if (shown && op.value == history.ops[ops[0]].value) ops.push_back(o);
    }
  }
  for (const std::uint32_t o : ops) {
    result.witness.push_back(history.ops[o].invoke_event);
    if (history.ops[o].complete_event != kNone) {
      result.witness.push_back(history.ops[o].complete_event);
    }
  }
  std::sort(result.witness.begin(), result.witness.end());
}

}  // namespace

std::vector<ConvergenceRow> measure_convergence(const History& history,
                                                const std::vector<FaultWindow>& windows) {
  std::vector<std::vector<std::uint32_t>> by_key(history.keys.size());
  for (std::uint32_t o = 0; o < history.ops.size(); ++o) {
    const Op& op = history.ops[o];
    if (op.key != kNone && (writes(op) || answered_read(op))) by_key[op.key].push_back(o);
  }
  std::vector<ConvergenceRow> rows;
  const Nanos heal = last_heal(windows);
  for (std::uint32_t key = 0; key < by_key.size(); ++key) {
    if (!by_key[key].empty()) rows.push_back(KeyEnd(history, key, by_key[key], heal).judge(heal));
  }
  return rows;
}

CheckResult check_convergence(const History& history, const std::vector<FaultWindow>& windows,
                              const std::optional<ConvergenceBound>& bound) {
  const auto rows = measure_convergence(history, windows);
  CheckResult result;
  result.name = "convergence";
  result.verdict = Verdict::pass;
  result.method = "last reads of each key at each node";
  result.measured = json_of(history, rows);
  const ConvergenceRow* bad = nullptr;
  Nanos slowest = 0;
  for (const auto& row : rows) {
    result.power += row.state == State::unobserved ? 0 : 1;
    if (row.state == State::agreed) slowest = std::max(slowest, row.after);
    const bool wrong = row.state == State::diverged || row.state == State::lost;
    (wrong                            ? result.keys.fail
     : row.state == State::unobserved ? result.keys.unknown
                                      : result.keys.pass) += 1;
    if (wrong && bad == nullptr) bad = &row;
  }
  if (bad != nullptr) {
    result.text = tell(history, windows, *bad);
    if (bound) fail(result, history, *bad);
  } else if (result.power == 0) {
    result.text = "No key was read at two nodes after its last write and the last heal.";
    if (bound) {
      result.verdict = Verdict::unknown;
      result.reason = "vacuous.no_power";
    }
  } else {
    result.text = "All nodes agree on " + order::count_of(result.keys.pass, "key", "keys") +
                  " in the end, at most " + order::Words::length(slowest) +
                  " after the last heal or write.";
    if (bound && slowest > bound->within) {
      result.verdict = Verdict::fail;
      result.text += " The bound is " + order::Words::length(bound->within) + ".";
    }
  }
  return result;
}

extern const CheckKind convergence_check;
const CheckKind convergence_check{
    "convergence",
    "do all nodes show the same value of every key after the last heal, and is no write lost",
    true,
    order::has_registers,
    [](const CheckInput& input) { return check_convergence(input.history, input.windows); },
    16,
};

}  // namespace sunder::check
