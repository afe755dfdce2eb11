// Producers: see producers.hpp. Tested by tests/check/witness_test.cpp.
#include "check/producers.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sunder::check {

Producers::Producers(const std::vector<RegisterOp>& ops) {
  SUNDER_ASSERT(ops.size() <= kOpMask);
  const auto leaves = [](const RegisterOp& op) {
    return op.kind == RegisterKind::aborted || op.produces();
  };
  words_.reserve(static_cast<std::size_t>(std::count_if(ops.begin(), ops.end(), leaves)));
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const RegisterOp& op = ops[i];
    if (!leaves(op)) continue;
    const bool aborted = op.kind == RegisterKind::aborted;
    words_.push_back(word(op.out,
                          aborted      ? Class::aborted
                          : op.pending ? Class::pending
                                       : Class::write,
                          i));
  }
  std::sort(words_.begin(), words_.end());
  last_end_.resize(words_.size());
  for (std::size_t k = 0; k < words_.size(); ++k) {
    last_end_[k] = ops[words_[k] & kOpMask].end;
    const bool same = k > 0 && words_[k] >> kOpBits == words_[k - 1] >> kOpBits;
    if (same) last_end_[k] = std::max(last_end_[k], last_end_[k - 1]);
  }
}

Producers::Left Producers::left(ValueId value) const {
  auto from = std::lower_bound(words_.begin(), words_.end(), word(value, Class::write, 0));
  const auto next = [&](Class after) {
    const auto to = std::lower_bound(from, words_.end(), word(value, after, 0));
    Group group;
    group.words_ = std::span(from, to);
    from = to;
    return group;
  };
  Left left;
  const auto first = from - words_.begin();
  left.writes = next(Class::pending);
  left.pending = next(Class::aborted);
  left.aborted = next(Class::end);
  left.last_end = std::span(last_end_).subspan(static_cast<std::size_t>(first), left.writes.size());
  return left;
}

}  // namespace sunder::check
