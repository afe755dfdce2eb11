// strict-serializable: serializable in an order that respects time.
//
// History → edges between transactions (check/elle/appends.hpp) → cycles → **CheckResult**. For lists that are appended to.
// Thread: pure. Tested by tests/check/txn_test.cpp.
#include "check/elle/appends.hpp"

namespace sunder::check {

extern const CheckKind strict_serializable_check;
const CheckKind strict_serializable_check{
    "strict-serializable",
    "transactions in one order that respects time",
    false,
    elle::appends,
    [](const CheckInput& input) {
      return elle::check_appends(
          input, "strict-serializable",
          elle::kWw | elle::kWr | elle::kRw | elle::kSession | elle::kRealTime, false);
    },
};

}  // namespace sunder::check
