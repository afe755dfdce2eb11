// settle_pending: see pending.hpp.
#include "check/search/pending.hpp"

#include <unordered_map>

namespace sunder::check {

namespace {

struct Token {
  std::uint32_t leavers = 0;
  Nanos first_end = kNever;  // of the answers that show it
  std::uint32_t shown_by = kNone;
};

}  // namespace

PendingEnds settle_pending(const History& history, const std::vector<std::uint32_t>& ops,
                           Machine& machine) {
  PendingEnds out;
  out.end.assign(ops.size(), kNever);
  out.shown_by.assign(ops.size(), kNone);
  if (!machine.traces()) return out;
  std::unordered_map<std::uint64_t, Token> tokens;
  Machine::Trace trace;
  machine.trace_initial(trace);
  for (const std::uint64_t token : trace.left) ++tokens[token].leavers;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const Op& op = history.ops[ops[i]];
    if (op.outcome == EventType::fail) continue;
    trace.clear();
    machine.trace(op, trace);
    for (const std::uint64_t token : trace.left) ++tokens[token].leavers;
    if (op.outcome != EventType::ok) continue;
    for (const std::uint64_t token : trace.seen) {
      Token& seen = tokens[token];
      if (op.completed >= seen.first_end) continue;
      seen.first_end = op.completed;
      seen.shown_by = i;
    }
  }
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const Op& op = history.ops[ops[i]];
    if (op.outcome != EventType::info) continue;
    trace.clear();
    machine.trace(op, trace);
    bool hidden = !trace.left.empty();
    for (const std::uint64_t left : trace.left) {
      const Token& token = tokens[left];
      if (token.shown_by == kNone) continue;
      hidden = false;
      // One that was shown before it was asked stays open: that answer is illegal by itself.
      if (token.leavers > 1 || token.first_end >= out.end[i] || token.first_end < op.invoked) {
        continue;
      }
      out.end[i] = token.first_end;
      out.shown_by[i] = token.shown_by;
    }
    if (hidden) out.end[i] = PendingEnds::kLeftOut;
  }
  return out;
}

}  // namespace sunder::check
