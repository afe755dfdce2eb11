// serializable: no cycle of dependencies (Adya, 1999: PL-3 for items).
//
// History → edges between transactions (check/elle/appends.hpp) → cycles → **CheckResult**. For lists that are appended to.
// Thread: pure. Tested by tests/check/txn_test.cpp.
#include "check/elle/appends.hpp"

namespace sunder::check {

extern const CheckKind serializable_check;
const CheckKind serializable_check{
    "serializable",
    "transactions in one order",
    false,
    elle::appends,
    [](const CheckInput& input) {
      return elle::check_appends(input, "serializable", elle::kWw | elle::kWr | elle::kRw, false);
    },
};

}  // namespace sunder::check
