// Row "embedded-primary-async": the first node decides and never waits; the others answer reads from what they have
// (nodes/modes/primary_async.cpp).
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row embedded_primary_async_row;
const Row embedded_primary_async_row{
    .name = "embedded-primary-async",
    .summary = "reference nodes, a primary that waits for nobody: sequentially consistent",
    .system = "embedded-primary-async",
};

}  // namespace sunder::harness::cap
