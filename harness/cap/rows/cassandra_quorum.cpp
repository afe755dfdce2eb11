// Row "cassandra-quorum": Cassandra at QUORUM: majorities answer, the newest timestamp wins.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row cassandra_quorum_row;
const Row cassandra_quorum_row{
    .name = "cassandra-quorum",
    .summary = "Cassandra at QUORUM: majorities answer, the newest timestamp wins",
    .system = "cassandra-quorum",
    .leader = false,  // any node coordinates
};

}  // namespace sunder::harness::cap
