// Row "cassandra-lwt": Cassandra by Paxos: every write a lightweight transaction, every read SERIAL.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row cassandra_lwt_row;
const Row cassandra_lwt_row{
    .name = "cassandra-lwt",
    .summary = "Cassandra by Paxos: every write a lightweight transaction, every read SERIAL",
    .system = "cassandra-lwt",
    .leader = false,  // any node coordinates
};

}  // namespace sunder::harness::cap
