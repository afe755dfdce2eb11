// causal: all four session guarantees under one order of writes: causal consistency with convergence (CCv).
//
// History → sessions → forced order (check/order/sight.hpp) → **CheckResult**.
// Thread: pure; the budget may be interrupted from outside. Tested by tests/check/order_checks_test.cpp.
#include "check/check_kind.hpp"
#include "check/order/report.hpp"

namespace sunder::check {

extern const CheckKind causal_check;
const CheckKind causal_check{
    "causal",
    "causes are seen before their effects, and all agree on one order of writes (CCv)",
    false,
    order::has_registers,
    [](const CheckInput& input) {
      return order::check_sight("causal", order::kCausal, order::sessions_of(input.history),
                                input.history, input.budget, input.windows);
    },
    100,
};

}  // namespace sunder::check
