// Row "cassandra-one": Cassandra at ONE: any copy answers.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row cassandra_one_row;
const Row cassandra_one_row{
    .name = "cassandra-one",
    .summary = "Cassandra at ONE: any copy answers",
    .system = "cassandra-one",
    .leader = false,  // any node coordinates
};

}  // namespace sunder::harness::cap
