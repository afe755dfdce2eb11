// read-committed: what was read once is not undone by a later read.
//
// History → forced order of commits (check/txn/commit_order.hpp) → cycle → **CheckResult**. For transactions that read and
// write single values, each written once. Thread: pure. Tested by tests/check/txn_test.cpp.
#include "check/txn/commit_order.hpp"

namespace sunder::check {

extern const CheckKind read_committed_check;
const CheckKind read_committed_check{
    "read-committed",
    "transactions see only what was committed, and never go back",
    false,
    txn::reads_and_writes,
    [](const CheckInput& input) {
      return txn::check_level(input, "read-committed", txn::Level::read_committed);
    },
    250,
};

}  // namespace sunder::check
