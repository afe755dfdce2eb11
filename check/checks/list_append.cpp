// list-append: Elle's anomalies; a pass is strict serializability.
//
// History → edges between transactions (check/elle/appends.hpp) → cycles → **CheckResult**. For lists that are appended to.
// Thread: pure. Tested by tests/check/txn_test.cpp.
#include "check/elle/appends.hpp"

namespace sunder::check {

extern const CheckKind list_append_check;
const CheckKind list_append_check{
    "list-append",
    "strict serializability of transactions over lists, with the anomalies that Elle names",
    false,
    elle::appends,
    [](const CheckInput& input) {
      return elle::check_appends(
          input, "list-append",
          elle::kWw | elle::kWr | elle::kRw | elle::kSession | elle::kRealTime, false);
    },
};

}  // namespace sunder::check
