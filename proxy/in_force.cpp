// InForce: see in_force.hpp. Tested by tests/proxy/pipeline_test.cpp.
#include "proxy/in_force.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "proxy/registry.hpp"

namespace sunder::proxy {
namespace {

std::uint32_t key_of(PairId pair) noexcept {
  return (std::uint32_t{pair.from} << 16U) | pair.to;
}

std::uint32_t between_key(PairId pair) noexcept {
  return key_of({std::min(pair.from, pair.to), std::max(pair.from, pair.to)});
}

/// A set of pairs may name both directions of two nodes; a rule acts once.
void add_once(std::vector<const Rule*>& rules, const Rule& rule) {
  if (rules.empty() || rules.back() != &rule) rules.push_back(&rule);
}

std::vector<const Rule*>& list_of(BetweenRules& between, CutKind kind) {
  switch (kind) {
    case CutKind::drop: return between.drops;
    case CutKind::reset: return between.resets;
    case CutKind::close: return between.closes;
    case CutKind::refuse: return between.refuses;
    case CutKind::hold: break;
  }
  SUNDER_ASSERT(!"hold acts on a pair");
}

template <class Map>
auto find_in(const Map& map, std::uint32_t key) noexcept {
  const auto it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

}  // namespace

void InForce::add_cut(const Rule& rule) {
  for (const PairId pair : rule.pairs) {
    if (*rule.cut == CutKind::hold) {
      add_once(pairs_[key_of(pair)].holds, rule);
    } else {
      add_once(list_of(betweens_[between_key(pair)], *rule.cut), rule);
    }
  }
}

void InForce::add_fault(const Rule& rule, const InForce* before) {
  SUNDER_ASSERT(rule.kind != nullptr);
  const FaultKind& kind = *rule.kind;
  auto params = parse_params(kind, rule.params);
  SUNDER_ASSERT(params.ok());
  faults_.push_back({&rule, std::move(*params), find_frame_kind(rule.frame), {}});
  FaultRule& made = faults_.back();
  SUNDER_ASSERT(made.frame != nullptr || (!kind.needs_frame && rule.after_messages == 0));
  const FaultRule* old = nullptr;
  if (before != nullptr && kind.make_shared != nullptr) {
    for (const FaultRule& other : before->faults_) {
      if (other.rule->id == rule.id) old = &other;
    }
  }
  for (const PairId pair : rule.pairs) {
    if (kind.make_shared != nullptr) {
      std::shared_ptr<SharedState>& shared = made.shared[pair];
      if (old != nullptr && old->shared.contains(pair)) shared = old->shared.at(pair);
      if (shared == nullptr) shared = kind.make_shared();
    }
    const PairId acts_on = kind.on_reply ? PairId{pair.to, pair.from} : pair;
    PairRules& rules = pairs_[key_of(acts_on)];
    auto& list = kind.place == Place::connect ? rules.connects
                 : kind.on_reply              ? rules.replies
                                              : rules.faults;
    if (list.empty() || list.back() != &made) list.push_back(&made);
  }
}

InForce::InForce(FaultSetPtr set, const InForce* before) : set_(std::move(set)) {
  faults_.reserve(set_->rules.size());  // pointers into it are kept
  for (const Rule& rule : set_->rules) {
    ids_.push_back(rule.id);
    if (rule.cut) {
      add_cut(rule);
    } else if (!rule.kind->packet_level) {
      add_fault(rule, before);
    }
  }
  std::sort(ids_.begin(), ids_.end());
}

const PairRules* InForce::of(PairId pair) const noexcept {
  return find_in(pairs_, key_of(pair));
}

const BetweenRules* InForce::between(PairId pair) const noexcept {
  return find_in(betweens_, between_key(pair));
}

bool InForce::has(RuleId id) const noexcept {
  return std::binary_search(ids_.begin(), ids_.end(), id);
}

void add(Touched& sum, const Touched& part) noexcept {
  sum.connections += part.connections;
  sum.bytes += part.bytes;
  sum.packets += part.packets;
  sum.attempts += part.attempts;
  sum.messages += part.messages;
  sum.unframed += part.unframed;
  sum.held_ns += part.held_ns;
}

void TouchLog::touch(RuleId id, Touched& tally) {
  if (std::find(ids_.begin(), ids_.end(), id) != ids_.end()) return;
  ids_.push_back(id);
  ++tally.connections;
}

void TouchLog::prune(const InForce& in_force) {
  std::erase_if(ids_, [&](RuleId id) { return !in_force.has(id); });
}

}  // namespace sunder::proxy
