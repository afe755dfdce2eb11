// Row "embedded-lww": every node answers at once from what it has (nodes/modes/lww.cpp).
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row embedded_lww_row;
const Row embedded_lww_row{
    .name = "embedded-lww",
    .summary = "reference nodes, always answer, last write wins",
    .system = "embedded-lww",
    .leader = false,
};

}  // namespace sunder::harness::cap
