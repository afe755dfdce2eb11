// brute_force: see brute_force.hpp. Shares nothing with zones and search but the operation itself.
#include "check/brute_force.hpp"

#include <set>
#include <utility>

namespace sunder::check {

namespace {

using Mask = std::uint64_t;
constexpr std::size_t kMostStates = 1'000'000;

class Orders {
 public:
  Orders(const std::vector<RegisterOp>& ops, ValueId initial) : ops_(ops) {
    legal_ = extend(0, initial);
  }
  [[nodiscard]] BruteVerdict verdict() const {
    if (legal_) return BruteVerdict::legal;
    return seen_.size() >= kMostStates ? BruteVerdict::too_big : BruteVerdict::illegal;
  }

 private:
  // What the register holds after `op` when it held `value`; false: `op` can't happen now.
  static bool step(const RegisterOp& op, ValueId& value) {
    switch (op.kind) {
      case RegisterKind::read: return value == op.in;
      case RegisterKind::write: value = op.out; return true;
      case RegisterKind::cas:
        if (value != op.in) return false;
        value = op.out;
        return true;
      case RegisterKind::differs: return value != op.in;
      case RegisterKind::impossible: return false;
      case RegisterKind::aborted: return false;  // never happens; not needed either
    }
    return false;
  }

  static bool optional(const RegisterOp& op) {
    return op.pending || op.kind == RegisterKind::aborted;
  }

  // Can the operations outside `done` follow, when the register holds `value`?
  bool extend(Mask done, ValueId value) {
    if (seen_.size() >= kMostStates || !seen_.emplace(done, value).second) return false;
    bool complete = true;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if ((done >> i & 1U) == 0 && !optional(ops_[i])) complete = false;
    }
    if (complete) return true;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if ((done >> i & 1U) != 0 || !may_come_next(done, i)) continue;
      ValueId after = value;
      if (step(ops_[i], after) && extend(done | Mask{1} << i, after)) return true;
    }
    return false;
  }

  // No operation that is still to come had ended before this one began.
  [[nodiscard]] bool may_come_next(Mask done, std::size_t candidate) const {
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if ((done >> i & 1U) == 0 && !optional(ops_[i]) && ops_[i].end < ops_[candidate].begin) {
        return false;
      }
    }
    return true;
  }

  const std::vector<RegisterOp>& ops_;
  std::set<std::pair<Mask, ValueId>> seen_;
  bool legal_ = false;
};

}  // namespace

BruteVerdict brute_force(const std::vector<RegisterOp>& ops, ValueId initial) {
  if (ops.size() > kBruteForceOps) return BruteVerdict::too_big;
  return Orders(ops, initial).verdict();
}

}  // namespace sunder::check
