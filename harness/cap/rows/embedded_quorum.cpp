// Row "embedded-quorum": reads and writes by majorities, without a leader; no compare-and-set (nodes/modes/quorum.cpp).
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row embedded_quorum_row;
const Row embedded_quorum_row{
    .name = "embedded-quorum",
    .summary = "reference nodes, a majority keeps registers: linearizable",
    .system = "embedded-quorum",
    .leader = false,
};

}  // namespace sunder::harness::cap
