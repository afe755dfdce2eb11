// monotonic-reads: a read sees what earlier reads of its session saw (Terry et al., PDIS 1994).
//
// History → sessions → forced order (check/order/sight.hpp) → **CheckResult**.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/order_checks_test.cpp.
#include "check/check_kind.hpp"
#include "check/order/report.hpp"

namespace sunder::check {

extern const CheckKind monotonic_reads_check;
const CheckKind monotonic_reads_check{
    "monotonic-reads",
    "a session never sees an older value after a newer one",
    false,
    order::has_registers,
    [](const CheckInput& input) {
      return order::check_sight("monotonic-reads", order::kMonotonicReads,
                                order::sessions_of(input.history), input.history, input.budget,
                                input.windows);
    },
};

}  // namespace sunder::check
