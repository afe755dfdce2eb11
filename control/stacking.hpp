// Stacking: the rules on one pair in the order in which they act, and what is really in force where they overlap.
//
// rules on a pair → **stacking** → `status`. A packet meets the packet filter first, then the byte hall: so `drop` hides
// every other rule, a closed connection leaves nothing to delay, and bytes under `hold` reach no fault behind it.
// Thread: pure. Tested by tests/control/stacking_test.cpp.
#pragma once

#include <vector>

#include "control/switchboard.hpp"

namespace sunder::control {

struct Stacked {
  std::vector<RuleOnPair> rules;  ///< in the order in which they act; `acts` and `why` are set
  std::string established;        ///< "flows", "dropped", "held", "reset" or "closed"
  std::string opening;            ///< "passes", "unanswered" or "refused"
};

/// `rules` in the order in which they came. RETURNS them in the order in which they act.
[[nodiscard]] Stacked stack_up(std::vector<RuleOnPair> rules);

}  // namespace sunder::control
