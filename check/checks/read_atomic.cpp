// read-atomic: no fractured reads.
//
// History → forced order of commits (check/txn/commit_order.hpp) → cycle → **CheckResult**. For transactions that read and
// write single values, each written once. Thread: pure. Tested by tests/check/txn_test.cpp.
#include "check/txn/commit_order.hpp"

namespace sunder::check {

extern const CheckKind read_atomic_check;
const CheckKind read_atomic_check{
    "read-atomic",
    "transactions see all of another one, or nothing",
    false,
    txn::reads_and_writes,
    [](const CheckInput& input) {
      return txn::check_level(input, "read-atomic", txn::Level::read_atomic);
    },
    260,
};

}  // namespace sunder::check
