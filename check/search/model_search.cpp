// model_search: see model_search.hpp. Tested by tests/check/models_test.cpp.
#include "check/search/model_search.hpp"

#include <map>
#include <tuple>
#include <unordered_map>

#include "check/search/pending.hpp"
#include "check/search/search_events.hpp"

namespace sunder::check {

namespace {

// The Machine as the engine sees it, with a memory of its transitions.
class Remembered {
 public:
  Remembered(const History& history, const std::vector<std::uint32_t>& ops,
             const std::vector<Nanos>& pending_ends, Machine& machine)
      : history_(history), ops_(ops), pending_ends_(pending_ends), machine_(machine) {
    // Operations that say the same are one class.
    std::map<std::tuple<OpKind, ValueId, ValueId, ValueId, bool, std::uint32_t>, std::uint32_t>
        classes;
    for (const std::uint32_t i : ops) {
      const Op& op = history.ops[i];
      const auto says =
          std::tuple(op.kind, op.value, op.old, op.observed, op.outcome == EventType::fail, op.txn);
      class_of_.push_back(
          classes.try_emplace(says, static_cast<std::uint32_t>(classes.size())).first->second);
      pure_.push_back(machine.pure(op));
      blind_.push_back(machine.blind(op));
    }
  }
  [[nodiscard]] Nanos end(std::uint32_t i) const {
    const Op& op = history_.ops[ops_[i]];
    return op.outcome == EventType::info ? pending_ends_[i] : op.completed;
  }
  [[nodiscard]] bool blind(std::uint32_t i) const { return blind_[i]; }
  [[nodiscard]] bool pure(std::uint32_t i) const { return pure_[i]; }
  [[nodiscard]] std::uint32_t alike(std::uint32_t i) const { return class_of_[i]; }
  [[nodiscard]] std::uint64_t bytes() const {
    // A node of the map and its share of the buckets; the machine's own states are of that order.
    return (known_.size() + likely_.size()) * 128;
  }
  bool likely(std::uint32_t state) {
    const auto [place, fresh] = likely_.try_emplace(state, true);
    if (fresh) place->second = machine_.likely(state);
    return place->second;
  }
  bool step(std::uint32_t i, std::uint32_t state, std::uint32_t& next) {
    const std::uint64_t what = (std::uint64_t{state} << 32U) | class_of_[i];
    const auto [place, fresh] = known_.try_emplace(what, kIllegal);
    if (fresh) place->second = machine_.step(state, history_.ops[ops_[i]]);
    next = place->second;
    return next != kIllegal;
  }

 private:
  const History& history_;
  const std::vector<std::uint32_t>& ops_;
  const std::vector<Nanos>& pending_ends_;
  Machine& machine_;
  std::vector<std::uint32_t> class_of_;
  std::vector<bool> pure_;
  std::vector<bool> blind_;
  std::unordered_map<std::uint64_t, StateId> known_;
  std::unordered_map<StateId, bool> likely_;
};

}  // namespace

bool matters(const Machine& machine, const Op& op) {
  if (op.outcome == EventType::ok) return !(op.kind == OpKind::read && op.value == kUnknown);
  if (op.outcome == EventType::info) return !machine.pure(op);
  return op.kind == OpKind::cas && op.error == OpErrorClass::mismatch;
}

SearchVerdict model_search(const History& history, const std::vector<std::uint32_t>& ops,
                           Machine& machine, const std::vector<StateId>& initial,
                           const Deadline& deadline, SearchWay way) {
  PendingEnds pending;
  if (initial.size() == 1 && initial.front() == machine.initial()) {
    pending = settle_pending(history, ops, machine);
  } else {  // what was left before is not known
    pending.end.assign(ops.size(), kNever);
    pending.shown_by.assign(ops.size(), kNone);
  }
  std::vector<engine::Event> events;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const Op& op = history.ops[ops[i]];
    if (!matters(machine, op)) continue;
    const Nanos end = op.outcome == EventType::info ? pending.end[i] : op.completed;
    if (end == PendingEnds::kLeftOut) continue;
    events.push_back({op.invoked, false, i});
    if (end != kNever) events.push_back({end, true, i});
  }
  engine::sort_events(events);
  Remembered remembered(history, ops, pending.end, machine);
  auto verdict = engine::search_events(remembered, events, ops.size(), initial, deadline, way);
  // One without an answer had to have happened by the answer that shows it, at the same moment.
  const bool stuck = verdict.outcome == SearchVerdict::Outcome::illegal;
  if (stuck && pending.shown_by[verdict.stuck] != kNone) {
    verdict.stuck = pending.shown_by[verdict.stuck];
  }
  return verdict;
}

}  // namespace sunder::check
