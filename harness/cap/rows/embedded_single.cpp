// Row "embedded-single": a single node (nodes/modes/single.cpp).
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row embedded_single_row;
const Row embedded_single_row{
    .name = "embedded-single",
    .summary = "one reference node: nothing to cut",
    .system = "embedded-single",
    .nodes = 1,
};

}  // namespace sunder::harness::cap
