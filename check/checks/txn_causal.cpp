// txn-causal: transactional causal consistency.
//
// History → forced order of commits (check/txn/commit_order.hpp) → cycle → **CheckResult**. For transactions that read and
// write single values, each written once. Thread: pure. Tested by tests/check/txn_test.cpp.
#include "check/txn/commit_order.hpp"

namespace sunder::check {

extern const CheckKind txn_causal_check;
const CheckKind txn_causal_check{
    "txn-causal",
    "transactions see all that lies in their past",
    false,
    txn::reads_and_writes,
    [](const CheckInput& input) {
      return txn::check_level(input, "txn-causal", txn::Level::causal);
    },
    540,
};

}  // namespace sunder::check
