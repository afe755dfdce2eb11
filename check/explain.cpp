// explain_witness: the operations of a witness as one or two plain sentences.
//
// CheckResult (events of the witness) + History + fault windows → text, for the terminal, the JSON and the report.
// Every clause states what is in the history; the shape of the witness only decides which facts are told.
// Thread: pure. Tested by tests/check/explain_test.cpp.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "check/check.hpp"

namespace sunder::check {

namespace {

std::string moment(Nanos time) {
  char text[48];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(time) / 1e9);
  return text;
}

std::string length(Nanos nanos) {
  char text[48];
  if (nanos >= 10 * kSecond) {
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(nanos) / 1e9);
  } else if (nanos >= 10 * kMillisecond) {
    std::snprintf(text, sizeof text, "%.0f ms", static_cast<double>(nanos) / 1e6);
  } else if (nanos >= 10 * kMicrosecond) {
    std::snprintf(text, sizeof text, "%.0f us", static_cast<double>(nanos) / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%lld ns", static_cast<long long>(nanos));
  }
  return text;
}

std::string join(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

bool failed_write(const Op& op) {
  return op.outcome == EventType::fail && op.kind != OpKind::read &&
         op.error != OpErrorClass::mismatch;
}

bool mismatch(const Op& op) {
  return op.kind == OpKind::cas && op.outcome == EventType::fail &&
         op.error == OpErrorClass::mismatch;
}

// The value that an answered operation saw; kUnknown: none.
ValueId seen(const Op& op) {
  if (mismatch(op)) return op.observed;
  if (op.outcome != EventType::ok) return kUnknown;
  return op.kind == OpKind::read ? op.value : op.kind == OpKind::cas ? op.old : kUnknown;
}

// The value that the key surely held at some moment of an answered operation, at its end or before.
ValueId shown(const Op& op) {
  if (mismatch(op)) return op.observed;
  return op.outcome == EventType::ok ? op.value : kUnknown;
}

class Story {
 public:
  Story(const History& history, const CheckResult& result, const std::vector<FaultWindow>& windows)
      : history_(history), windows_(windows), key_(result.key) {
    for (const Op& op : history.ops) {
      if (std::binary_search(result.witness.begin(), result.witness.end(), op.invoke_event)) {
        ops_.push_back(op);
      }
    }
    std::stable_sort(ops_.begin(), ops_.end(),
                     [](const Op& a, const Op& b) { return a.invoked < b.invoked; });
  }

  [[nodiscard]] std::string tell() const {
    if (ops_.empty()) return "No operation of the witness is in this history.";
    for (const auto& shape : {alone(), failed(), too_early(), denied(), taken_twice(), stale()}) {
      if (!shape.empty()) return shape;
    }
    return "No order is legal for these " + std::to_string(ops_.size()) + " operations on " +
           key_name() + " between " + moment(ops_.front().invoked) + " and " + moment(last_end()) +
           fault_at(ops_.back().invoked) + ".";
  }

 private:
  [[nodiscard]] std::string key_name() const { return key_.empty() ? "the register" : key_; }
  [[nodiscard]] std::string value(ValueId id) const {
    return id == kAbsent ? "nothing (absent)" : history_.values.text(id);
  }
  [[nodiscard]] std::string who(const Op& op) const {
    if (op.node < history_.nodes.size()) return history_.nodes[op.node];
    return "process " + std::to_string(op.process);
  }
  [[nodiscard]] Nanos last_end() const {
    Nanos end = 0;
    for (const Op& op : ops_) {
      if (op.completed != kNever) end = std::max(end, op.completed);
    }
    return end;
  }

  // "n1 answered a read of k3 with 41 at 12.031 s"
  [[nodiscard]] std::string answer(const Op& op) const {
    const std::string at = " at " + moment(op.completed);
    if (op.kind == OpKind::write) return who(op) + " acknowledged " + change(op) + at;
    if (op.kind == OpKind::read) {
      return who(op) + " answered a read of " + key_name() + " with " + value(op.value) + at;
    }
    const std::string cas =
        "a cas of " + key_name() + " from " + value(op.old) + " to " + value(op.value);
    if (!mismatch(op)) return who(op) + " accepted " + cas + at;
    return who(op) + " refused " + cas + at +
           (op.observed == kUnknown ? "" : ", for it held " + value(op.observed));
  }
  // "the write of 42"
  [[nodiscard]] std::string change(const Op& op) const {
    if (op.kind == OpKind::write) return "the write of " + value(op.value);
    return "the cas from " + value(op.old) + " to " + value(op.value);
  }

  [[nodiscard]] std::string alone() const {
    if (ops_.size() != 1) return "";
    const Op& op = ops_[0];
    if (mismatch(op)) return answer(op) + ", which is what the cas expected.";
    return answer(op) + ", but nobody ever wrote " + value(seen(op)) + fault_at(op.invoked) + ".";
  }

  // An observation of a value whose write surely failed.
  [[nodiscard]] std::string failed() const {
    const auto bad = std::find_if(ops_.begin(), ops_.end(), failed_write);
    if (bad == ops_.end()) return "";
    for (const Op& op : ops_) {
      if (seen(op) != bad->value) continue;
      return answer(op) + ", but " + change(*bad) + " had surely failed at " + who(*bad) + " (" +
             moment(bad->completed) + ")" + fault_at(op.invoked) + ".";
    }
    return "";
  }

  [[nodiscard]] std::string too_early() const {
    for (const Op& op : ops_) {
      for (const Op& write : ops_) {
        const bool writes = write.kind != OpKind::read && write.outcome != EventType::fail;
        if (!writes || seen(op) == kUnknown || seen(op) != write.value) continue;
        if (ops_.size() != 2 || op.completed >= write.invoked) continue;
        return answer(op) + ", " + length(write.invoked - op.completed) + " before " +
               change(write) + " was asked of " + who(write) + ".";
      }
    }
    return "";
  }

  // A mismatch that does not tell what it saw, of a value that was there.
  [[nodiscard]] std::string denied() const {
    for (const Op& op : ops_) {
      if (!mismatch(op) || op.observed != kUnknown) continue;
      const Op* before = nullptr;
      const Op* after = nullptr;
      for (const Op& other : ops_) {
        if (other.completed < op.invoked && shown(other) == op.old) before = &other;
        if (other.invoked > op.completed && seen(other) == op.old) after = &other;
      }
      if (before == nullptr) return "";
      std::string text = answer(op) + " (mismatch), but " + value(op.old) + " was there before (" +
                         answer(*before) + ")";
      text += after == nullptr ? ", and no other value can have replaced it"
                               : " and still after (" + answer(*after) + ")";
      return text + fault_at(op.invoked) + ".";
    }
    return "";
  }

  [[nodiscard]] std::string taken_twice() const {
    std::vector<const Op*> takers;
    for (const Op& op : ops_) {
      if (op.kind == OpKind::cas && op.outcome == EventType::ok) takers.push_back(&op);
    }
    if (ops_.size() > 3 || takers.size() != 2 || takers[0]->old != takers[1]->old) return "";
    return answer(*takers[0]) + ", and " + answer(*takers[1]) + "; " + value(takers[0]->old) +
           " was there to be taken only once" + fault_at(takers[1]->invoked) + ".";
  }

  // The last observation, and the last answer before it that showed another value.
  [[nodiscard]] std::string stale() const {
    const Op* late = nullptr;
    for (const Op& op : ops_) {
      if (seen(op) != kUnknown) late = &op;
    }
    if (late == nullptr) return "";
    const Op* newer = nullptr;
    for (const Op& op : ops_) {
      if (shown(op) == kUnknown || shown(op) == seen(*late)) continue;
      if (op.completed >= late->invoked) continue;
      const bool writes = op.kind != OpKind::read;
      const bool better =
          newer == nullptr || (writes && newer->kind == OpKind::read) ||
          (writes == (newer->kind != OpKind::read) && op.completed > newer->completed);
      if (better) newer = &op;
    }
    if (newer == nullptr) return "";
    const std::string after = length(late->completed - newer->completed) + " after ";
    std::string text = answer(*late) + ", " + after;
    if (newer->kind == OpKind::read || mismatch(*newer)) {
      text += who(*newer) + " had shown " + value(shown(*newer));
    } else {
      text += change(*newer) + " had been acknowledged by " + who(*newer);
    }
    text += " (" + moment(newer->completed) + ")";
    std::string fault = fault_at(late->invoked);
    if (fault.empty()) {
      fault = fault_at(newer->completed);
      if (!fault.empty()) fault += " then";
    }
    return text + fault + ". No order of these " + std::to_string(ops_.size()) +
           " operations is legal.";
  }

  // "; the partition n1 | n2,n3 was in force", or nothing.
  [[nodiscard]] std::string fault_at(Nanos time) const {
    for (const auto& window : windows_) {
      if (time < window.from || time >= window.to) continue;
      if (window.sides.size() > 1) {
        std::vector<std::string> sides;
        for (const auto& side : window.sides) sides.push_back(join(side, ","));
        std::sort(sides.begin(), sides.end());
        return "; the partition " + join(sides, " | ") + " was in force";
      }
      return "; the cut " + window.name + " (" + window.kind + ") was in force";
    }
    return "";
  }

  const History& history_;
  const std::vector<FaultWindow>& windows_;
  std::string key_;
  std::vector<Op> ops_;  // by invocation
};

}  // namespace

std::string explain_witness(const History& history, const CheckResult& result,
                            const std::vector<FaultWindow>& windows) {
  return Story(history, result, windows).tell();
}

}  // namespace sunder::check
