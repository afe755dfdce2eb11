// Parts of a history, as histories that the court judges by themselves. See measure.hpp.
//
// Indices of events stay those of the file, so that a part's witness can be shown from it.
#include <algorithm>
#include <limits>

#include "harness/cap/clients.hpp"
#include "harness/cap/measure.hpp"

namespace sunder::harness::cap {
namespace {

using check::Op;
using check::OpKind;

template <class Wanted>
check::History part_of(const check::History& history, Wanted&& wanted) {
  check::History part = history;
  part.ops.clear();
  std::copy_if(history.ops.begin(), history.ops.end(), std::back_inserter(part.ops), wanted);
  return part;
}

bool overlaps(const Op& op, const StallRecord& stall) {
  return op.invoked < stall.at + stall.length && op.completed > stall.at;
}

}  // namespace

check::History before(const check::History& history, Nanos end) {
  check::History part = part_of(history, [end](const Op& op) {
    const bool in_time = op.completed != check::kNever && op.completed < end;
    return op.invoked < end && (in_time || op.kind != OpKind::read);
  });
  for (Op& op : part.ops) {
    if (op.completed < end) continue;
    op.completed = check::kNever;
    op.complete_event = check::kNone;
    op.outcome = EventType::info;
    op.error = OpErrorClass::none;
    op.observed = check::kUnknown;
  }
  return part;
}

check::History without_client_reads(const check::History& history, const Plan& plan,
                                    std::size_t nodes) {
  return part_of(history, [&](const Op& op) {
    return op.kind != OpKind::read ||
           Clients::auditor(op.process, plan.clients, static_cast<unsigned>(nodes));
  });
}

check::History without_stalls(const check::History& history,
                              const std::vector<StallRecord>& stalls) {
  return part_of(history, [&stalls](const Op& op) {
    return std::none_of(stalls.begin(), stalls.end(),
                        [&op](const StallRecord& stall) { return overlaps(op, stall); });
  });
}

Nanos first_cut(const Records& records) {
  for (const PhaseRecord& phase : records.phases) {
    if (!phase.fault.empty()) return phase.asked_at;
  }
  return std::numeric_limits<Nanos>::max();
}

}  // namespace sunder::harness::cap
