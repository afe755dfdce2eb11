// writes-follow-reads: whoever sees a write sees what its session had read before; judged for readers with monotonic reads.
//
// History → sessions → forced order (check/order/sight.hpp) → **CheckResult**.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/order_checks_test.cpp.
#include "check/check_kind.hpp"
#include "check/order/report.hpp"

namespace sunder::check {

extern const CheckKind writes_follow_reads_check;
const CheckKind writes_follow_reads_check{
    "writes-follow-reads",
    "a write is seen after what its session had read before",
    false,
    order::has_registers,
    [](const CheckInput& input) {
      return order::check_sight("writes-follow-reads", order::kWritesFollowReads,
                                order::sessions_of(input.history), input.history, input.budget,
                                input.windows);
    },
    110,
};

}  // namespace sunder::check
