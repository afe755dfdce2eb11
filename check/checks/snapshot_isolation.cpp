// snapshot-isolation: no cycle but with two anti-dependencies in a row (Fekete et al., TODS 2005).
//
// History → edges between transactions (check/elle/appends.hpp) → cycles → **CheckResult**. For lists that are appended to.
// Thread: pure. Tested by tests/check/txn_test.cpp.
#include "check/elle/appends.hpp"

namespace sunder::check {

extern const CheckKind snapshot_isolation_check;
const CheckKind snapshot_isolation_check{
    "snapshot-isolation",
    "transactions read from one moment, and no update is lost",
    false,
    elle::appends,
    [](const CheckInput& input) {
      return elle::check_appends(input, "snapshot-isolation", elle::kWw | elle::kWr | elle::kRw,
                                 true);
    },
};

}  // namespace sunder::check
