// Row "zookeeper-quorum-read": a write through the client's own node before each read.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row zookeeper_quorum_read_row;
const Row zookeeper_quorum_read_row{
    .name = "zookeeper-quorum-read",
    .summary = "ZooKeeper with a write through the same node before each read",
    .system = "zookeeper-quorum-read",
    .election_timeout = 2 * kSecond,  // syncLimit * tickTime in systems/zookeeper/system.toml
};

}  // namespace sunder::harness::cap
