// Row "embedded-causal": every node answers at once; causes before effects (nodes/modes/causal.cpp).
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row embedded_causal_row;
const Row embedded_causal_row{
    .name = "embedded-causal",
    .summary = "reference nodes, always answer, causally consistent",
    .system = "embedded-causal",
    .leader = false,
};

}  // namespace sunder::harness::cap
