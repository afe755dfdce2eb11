// Witness: see witness.hpp. Tested by tests/check/witness_test.cpp.
#include "check/witness.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "check/brute_force.hpp"
#include "check/search/search.hpp"

namespace sunder::check {

namespace {

constexpr ValueId kAnyOther = kNone - 1;     // no value of a history has this id
constexpr std::size_t kBruteForceEasy = 24;  // up to here brute force is quick whatever overlaps

const Part kNobody;

bool contains(const Part& part, std::uint32_t op) {
  return std::binary_search(part.begin(), part.end(), op);
}

}  // namespace

Shrinker::Shrinker(const RegisterKey& key, const Deadline& deadline)
    : key_(key), deadline_(deadline), values_(2 * key.ops.size() + 1) {
  for (std::uint32_t i = 0; i < key.ops.size(); ++i) {
    const RegisterOp& op = key.ops[i];
    const bool aborted = op.kind == RegisterKind::aborted;
    if (!aborted && !op.produces()) continue;
    const std::uint32_t value = values_.add(op.out);
    producers_.resize(values_.size());
    aborted_.resize(values_.size());
    (aborted ? aborted_ : producers_)[value].push_back(i);
  }
}

const Part& Shrinker::producers(ValueId value, bool aborted) const {
  const std::uint32_t number = values_.find(value);
  if (number == kNone) return kNobody;
  return (aborted ? aborted_ : producers_)[number];
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
    for (const bool aborted : {false, true}) {
      const Part& left = producers(op.in, aborted);
      part.insert(part.end(), left.begin(), left.end());
    }
  }
  std::sort(part.begin(), part.end());
  part.erase(std::unique(part.begin(), part.end()), part.end());
  return part;
}

Shrinker::View Shrinker::view(const Part& part) const {
  const auto in_part = [&](std::uint32_t op) { return contains(part, op); };
  View view;
  std::size_t differs = 0;
  Nanos last_differs = kEver;
  for (const std::uint32_t i : part) {
    RegisterOp op = key_.ops[i];
    if (op.observes()) {
      const Part& left = producers(op.in, false);
      const Part& aborted = producers(op.in, true);
      bool whole = std::all_of(left.begin(), left.end(), in_part);
      if (left.empty() && op.in != key_.initial && !aborted.empty()) {
        whole = std::any_of(aborted.begin(), aborted.end(), in_part);
      }
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
  if (!illegal(part)) return std::nullopt;
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
