// read-your-writes: a read sees the earlier writes of its session (Terry et al., PDIS 1994).
//
// History → sessions → forced order (check/order/sight.hpp) → **CheckResult**.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/order_checks_test.cpp.
#include "check/check_kind.hpp"
#include "check/order/report.hpp"

namespace sunder::check {

extern const CheckKind read_your_writes_check;
const CheckKind read_your_writes_check{
    "read-your-writes",
    "a session sees what it wrote itself",
    false,
    order::has_registers,
    [](const CheckInput& input) {
      return order::check_sight("read-your-writes", order::kReadYourWrites,
                                order::sessions_of(input.history), input.history, input.budget,
                                input.windows);
    },
};

}  // namespace sunder::check
