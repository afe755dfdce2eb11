// Evidence: what the reads of a few transactions show of each other, in words.
//
// The transactions of a cycle → **evidence** → the second half of a verdict's sentence.
// Thread: pure. Tested by tests/check/txn_test.cpp.
#pragma once

#include <string>

#include "check/history.hpp"
#include "check/types/finding.hpp"

namespace sunder::check::elle {

/// "n3 at 0.163 s read k43 without the 1 of n2, 12 ms after it had been acknowledged by n2 at 0.151 s; n1 at …": one clause
/// for each read of `ops` that has or lacks what another of `ops` appended, four at most. Empty where there is none.
[[nodiscard]] std::string evidence(const History& history, const types::Ops& ops);

}  // namespace sunder::check::elle
