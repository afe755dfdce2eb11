// Power: see power.hpp. Tested by tests/check/measurements_test.cpp.
#include "check/power.hpp"

#include <algorithm>

namespace sunder::check {

namespace {

bool acknowledged_write(const Op& op) {
  return op.outcome == EventType::ok && (op.kind == OpKind::write || op.kind == OpKind::cas);
}

bool observation(const Op& op) {
  if (op.outcome == EventType::ok) {
    return op.kind == OpKind::cas || (op.kind == OpKind::read && op.value != kUnknown);
  }
  return op.kind == OpKind::cas && op.outcome == EventType::fail &&
         op.error == OpErrorClass::mismatch && op.observed != kUnknown;
}

// The side of each node within one window; -1: on no side.
std::vector<int> sides_of(const FaultWindow& window, const std::vector<std::string>& nodes) {
  std::vector<int> sides(nodes.size(), -1);
  for (std::size_t s = 0; s < window.sides.size(); ++s) {
    for (const auto& name : window.sides[s]) {
      const auto at = std::find(nodes.begin(), nodes.end(), name);
      if (at != nodes.end())
        sides[static_cast<std::size_t>(at - nodes.begin())] = static_cast<int>(s);
    }
  }
  return sides;
}

bool within(const FaultWindow& window, Nanos moment) {
  return window.from <= moment && moment < window.to;
}

// Without windows only the first acknowledged write of each key matters, and that takes no sorting.
Power count_total(const History& history) {
  std::vector<Nanos> first(history.keys.size(), kNever);
  for (const Op& op : history.ops) {
    if (op.key == kNone || !acknowledged_write(op)) continue;
    first[op.key] = std::min(first[op.key], op.completed);
  }
  Power power;
  for (const Op& op : history.ops) {
    if (op.key == kNone || !observation(op)) continue;
    if (first[op.key] < op.invoked) ++power.total;
  }
  return power;
}

}  // namespace

Power measure_power(const History& history, const std::vector<FaultWindow>& windows) {
  if (windows.empty()) return count_total(history);
  std::vector<std::vector<const Op*>> writes(history.keys.size());
  for (const Op& op : history.ops) {
    if (op.key != kNone && acknowledged_write(op)) writes[op.key].push_back(&op);
  }
  for (auto& list : writes) {
    std::sort(list.begin(), list.end(),
              [](const Op* a, const Op* b) { return a->completed < b->completed; });
  }
  std::vector<std::vector<int>> sides;
  for (const auto& window : windows) sides.push_back(sides_of(window, history.nodes));

  Power power;
  for (const Op& op : history.ops) {
    if (op.key == kNone || !observation(op)) continue;
    const auto& list = writes[op.key];
    const auto after = std::partition_point(list.begin(), list.end(),
                                            [&](const Op* w) { return w->completed < op.invoked; });
    if (after == list.begin()) continue;
    const Op& write = **(after - 1);
    ++power.total;
    bool inside = false;
    bool across = false;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      inside = inside || within(windows[w], op.invoked);
      // From the cut on, until the next one makes other sides: what one side must learn of the other.
      const bool last = w + 1 == windows.size();
      if (write.completed < windows[w].from) continue;
      if (!last && op.invoked >= windows[w + 1].from) continue;
      if (op.node >= sides[w].size() || write.node >= sides[w].size()) continue;
      const int here = sides[w][op.node];
      const int there = sides[w][write.node];
      across = across || (here >= 0 && there >= 0 && here != there);
    }
    power.inside += inside ? 1 : 0;
    power.across += across ? 1 : 0;
  }
  return power;
}

}  // namespace sunder::check
