// See words.hpp.
#include "check/order/words.hpp"

#include <algorithm>
#include <cstdio>

namespace sunder::check::order {

std::string Words::moment(Nanos time) {
  char text[48];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(time) / 1e9);
  return text;
}

std::string Words::length(Nanos time) {
  char text[48];
  const auto nanos = static_cast<double>(time);
  if (time >= 10 * kSecond) {
    std::snprintf(text, sizeof text, "%.1f s", nanos / 1e9);
  } else if (time >= 10 * kMillisecond) {
    std::snprintf(text, sizeof text, "%.0f ms", nanos / 1e6);
  } else if (time >= 10 * kMicrosecond) {
    std::snprintf(text, sizeof text, "%.0f us", nanos / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%lld ns", static_cast<long long>(time));
  }
  return text;
}

std::string Words::value(ValueId id) const {
  return id == kAbsent ? "nothing (absent)" : history_.values.text(id);
}

std::string Words::key(std::uint32_t key) const {
  const std::string& name = history_.keys.at(key);
  return name.empty() ? "the register" : name;
}

std::string Words::who(const Op& op) const {
  if (op.node < history_.nodes.size()) return history_.nodes[op.node];
  return "process " + std::to_string(op.process);
}

std::string Words::answer(const Op& op) const {
  const std::string at = " at " + moment(op.completed == kNever ? op.invoked : op.completed);
  if (op.kind == OpKind::read) {
    return who(op) + " answered a read of " + key(op.key) + " with " + value(op.value) + at;
  }
  if (op.kind == OpKind::write) {
    return who(op) + " took a write of " + value(op.value) + " to " + key(op.key) + at;
  }
  if (op.outcome == EventType::fail) {
    return who(op) + " refused a cas of " + key(op.key) + at + ", for it held " +
           value(op.observed);
  }
  return who(op) + " took a cas of " + key(op.key) + " from " + value(op.old) + " to " +
         value(op.value) + at;
}

std::string Words::write(const Op& op) const {
  const bool known = op.outcome == EventType::ok;
  return value(op.value) + (known ? " (acknowledged by " : " (asked of ") + who(op) + " at " +
         moment(known ? op.completed : op.invoked) + ")";
}

std::string Words::fault_at(Nanos time) const {
  for (const auto& window : windows_) {
    if (time < window.from || time >= window.to) continue;
    if (window.sides.size() < 2) {
      return "; the cut " + window.name + " (" + window.kind + ") was in force";
    }
    std::vector<std::string> sides;
    for (const auto& side : window.sides) {
      std::string names;
      for (const auto& name : side) names += (names.empty() ? "" : ",") + name;
      sides.push_back(names);
    }
    std::sort(sides.begin(), sides.end());
    std::string text;
    for (const auto& side : sides) text += (text.empty() ? "" : " | ") + side;
    return "; the partition " + text + " was in force";
  }
  return "";
}

ValueId seen_by(const Op& op) {
  if (op.kind == OpKind::read) return op.value;
  if (op.kind != OpKind::cas) return kUnknown;
  return op.outcome == EventType::fail ? op.observed : op.old;
}

std::string count_of(std::uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace sunder::check::order
