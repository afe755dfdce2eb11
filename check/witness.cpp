// Witness: see witness.hpp. Tested by tests/check/witness_test.cpp.
#include "check/witness.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "check/brute_force.hpp"
#include "check/search/search.hpp"

namespace sunder::check {

namespace {

constexpr ValueId kAnyOther = kNone - 1;  // no value of a history has this id
constexpr std::size_t kTail = 8;
constexpr std::size_t kBruteForceEasy = 24;  // up to here brute force is quick whatever overlaps

bool contains(const Part& part, std::uint32_t op) {
  return std::binary_search(part.begin(), part.end(), op);
}

}  // namespace

// What the operations of a part leave behind.
class Shrinker::Writes {
 public:
  Writes(const RegisterKey& key, const Part& part) {
    for (const std::uint32_t i : part) {
      const RegisterOp& op = key.ops[i];
      if (!op.produces()) continue;
      values_.push_back(op.out);
      if (!op.pending) writes_.push_back({op.end, op.begin});
    }
    std::sort(values_.begin(), values_.end());
    std::sort(writes_.begin(), writes_.end(),
              [](const Write& a, const Write& b) { return a.end < b.end; });
    for (std::size_t i = 1; i < writes_.size(); ++i) {
      writes_[i].begin = std::max(writes_[i].begin, writes_[i - 1].begin);
    }
  }
  [[nodiscard]] bool leave(ValueId value) const {
    return std::binary_search(values_.begin(), values_.end(), value);
  }
  // The greatest begin of acknowledged writes that had ended before `moment`; kEver: none. What had ended by then was
  // overwritten before the moment.
  [[nodiscard]] Nanos last_before(Nanos moment) const {
    const auto at = std::partition_point(writes_.begin(), writes_.end(),
                                         [&](const Write& write) { return write.end < moment; });
    return at == writes_.begin() ? kEver : (at - 1)->begin;
  }

 private:
  struct Write {
    Nanos end;
    Nanos begin;  // the greatest up to here
  };
  std::vector<ValueId> values_;  // ascending
  std::vector<Write> writes_;    // acknowledged, by end
};

Shrinker::Shrinker(const RegisterKey& key, const Deadline& deadline)
    : key_(key), deadline_(deadline), producers_(key.ops) {}

// True if the value that `op` observed was left only by operations that began after its end.
bool Shrinker::too_early(const RegisterOp& op, const Producers::Left& left) const {
  const auto later = [&](const Producers::Group& group) {
    return group.empty() || key_.ops[group[0]].begin > op.end;
  };
  return op.in != key_.initial && later(left.writes) && later(left.pending);
}

// True if whatever may have left the value that `op` observed is in the part. What was surely overwritten in between, by a
// write of the part that began after its end and ended before `op` began, may not: so `op` can't have met it.
bool Shrinker::explained(const RegisterOp& op, const Part& part, const Writes& writes) const {
  const Producers::Left left = producers_.left(op.in);
  const auto outside = [&](std::uint32_t i) {
    return key_.ops[i].begin <= op.end && !contains(part, i);
  };
  const auto any = [](const Producers::Group& group, const auto& is) {
    for (std::size_t k = 0; k < group.size(); ++k) {
      if (is(group[k])) return true;
    }
    return false;
  };
  if (left.writes.empty() && left.pending.empty()) {
    if (op.in == key_.initial || left.aborted.empty()) return true;
    return any(left.aborted, [&](std::uint32_t i) { return contains(part, i); });
  }
  // A value that came too early, or was gone, was left by somebody all the same: the proof shows by whom.
  if (op.in != key_.initial && !writes.leave(op.in)) return false;
  if (any(left.pending, outside)) return false;
  const Nanos from = writes.last_before(op.begin);
  for (std::size_t k = left.writes.size(); k-- > 0 && left.last_end[k] >= from;) {
    if (key_.ops[left.writes[k]].end >= from && outside(left.writes[k])) return false;
  }
  return true;
}

Part Shrinker::prefix(std::uint32_t stuck) const {
  const Nanos end = key_.ops[stuck].end;
  Part part;
  for (std::uint32_t i = 0; i < key_.ops.size(); ++i) {
    const RegisterOp& op = key_.ops[i];
    // An observation that had not ended by then was not needed for being stuck.
    if (op.begin > end || (!op.produces() && op.end > end)) continue;
    if (op.kind == RegisterKind::aborted) continue;
    part.push_back(i);
  }
  const std::size_t own = part.size();
  for (std::size_t k = 0; k < own; ++k) {
    const RegisterOp& op = key_.ops[part[k]];
    if (!op.observes()) continue;
    const Producers::Left left = producers_.left(op.in);
    const bool early = too_early(op, left);
    for (const Producers::Group& group : {left.writes, left.pending, left.aborted}) {
      for (std::size_t g = 0; g < group.size(); ++g) {
        if (key_.ops[group[g]].begin <= op.end || early) part.push_back(group[g]);
      }
    }
  }
  std::sort(part.begin(), part.end());
  part.erase(std::unique(part.begin(), part.end()), part.end());
  return part;
}

Shrinker::View Shrinker::view(const Part& part) const {
  const auto in_part = [&](std::uint32_t op) { return contains(part, op); };
  const Writes writes(key_, part);
  View view;
  std::size_t differs = 0;
  Nanos last_differs = kEver;
  for (const std::uint32_t i : part) {
    RegisterOp op = key_.ops[i];
    if (op.observes()) {
      const bool whole = explained(op, part, writes);
      if (!whole && op.kind == RegisterKind::read) continue;
      if (!whole) op.kind = RegisterKind::write;
    } else if (op.kind == RegisterKind::differs) {
      ++differs;
      last_differs = std::max(last_differs, op.end);
    }
    view.ops.push_back(op);
    view.members.push_back(i);
  }
  bool hidden = false;  // a write outside the part that a "not v" may have met
  for (std::uint32_t i = 0; differs > 0 && !hidden && i < key_.ops.size(); ++i) {
    hidden = key_.ops[i].produces() && key_.ops[i].begin <= last_differs && !in_part(i);
  }
  if (hidden) {
    RegisterOp other;
    other.begin = kEver;
    other.end = kNever;
    other.kind = RegisterKind::write;
    other.out = kAnyOther;
    other.pending = true;
    view.ops.insert(view.ops.begin(), differs, other);
  }
  return view;
}

bool Shrinker::illegal(const View& view) const {
  if (view.ops.size() <= kBruteForceEasy) {
    const BruteVerdict verdict = brute_force(view.ops, key_.initial);
    if (verdict != BruteVerdict::too_big) return verdict == BruteVerdict::illegal;
  }
  return search(view.ops, key_.initial, deadline_).outcome == SearchVerdict::Outcome::illegal;
}

bool Shrinker::illegal(const Part& part) const {
  return illegal(view(part));
}

// Leaves `count` operations from `at` out, with what goes with them. RETURNS false if the rest is legal.
bool Shrinker::without(Part& part, std::size_t at, std::size_t count) const {
  Part rest(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(at));
  rest.insert(rest.end(), part.begin() + static_cast<std::ptrdiff_t>(at + count), part.end());
  View smaller = view(rest);
  if (!illegal(smaller)) return false;
  part = std::move(smaller.members);
  return true;
}

// Pending operations cost a search most, for each may or may not have happened at any time, and a proof seldom needs one:
// all at once, then halves, quarters, …
void Shrinker::drop_pending(Part& part) const {
  Part pending;
  for (const std::uint32_t i : part) {
    if (key_.ops[i].pending) pending.push_back(i);
  }
  for (std::size_t chunk = pending.size(); chunk > 0; chunk /= 2) {
    for (std::size_t at = 0; at < pending.size() && deadline_.exceeded() == nullptr;) {
      const auto from = pending.begin() + static_cast<std::ptrdiff_t>(at);
      const auto to = from + static_cast<std::ptrdiff_t>(std::min(chunk, pending.size() - at));
      Part rest;
      std::set_difference(part.begin(), part.end(), from, to, std::back_inserter(rest));
      View smaller = view(rest);
      if (illegal(smaller)) {
        part = std::move(smaller.members);
        pending.erase(from, to);
      } else {
        at += static_cast<std::size_t>(to - from);
      }
    }
  }
}

std::optional<Part> Shrinker::shrink(Part part) const {
  // The end of a long part is often enough, and quick to try.
  bool proved = false;
  for (std::size_t count = kTail; count < part.size() && !proved; count *= 2) {
    Part tail(part.end() - static_cast<std::ptrdiff_t>(count), part.end());
    proved = illegal(tail);
    if (proved) part = std::move(tail);
  }
  if (!proved && !illegal(part)) return std::nullopt;
  part = view(part).members;
  drop_pending(part);
  // Halves, quarters, …, at last one by one until none can go (Zeller's delta debugging, from the oldest on).
  std::size_t chunk = std::max<std::size_t>(1, part.size() / 2);
  while (deadline_.exceeded() == nullptr) {
    bool smaller = false;
    for (std::size_t at = 0; at < part.size() && deadline_.exceeded() == nullptr;) {
      const std::size_t count = std::min(chunk, part.size() - at);
      if (count < part.size() && without(part, at, count)) {
        smaller = true;
      } else {
        at += count;
      }
    }
    if (chunk == 1 && !smaller) break;
    chunk = std::max<std::size_t>(1, chunk / 2);
  }
  return part;
}

}  // namespace sunder::check
