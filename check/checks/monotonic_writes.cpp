// monotonic-writes: whoever sees a write sees the earlier writes of its session; judged for readers with monotonic reads.
//
// History → sessions → forced order (check/order/sight.hpp) → **CheckResult**.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/order_checks_test.cpp.
#include "check/check_kind.hpp"
#include "check/order/report.hpp"

namespace sunder::check {

extern const CheckKind monotonic_writes_check;
const CheckKind monotonic_writes_check{
    "monotonic-writes",
    "the writes of a session are seen in their order",
    false,
    order::has_registers,
    [](const CheckInput& input) {
      return order::check_sight("monotonic-writes", order::kMonotonicWrites,
                                order::sessions_of(input.history), input.history, input.budget,
                                input.windows);
    },
    150,
};

}  // namespace sunder::check
