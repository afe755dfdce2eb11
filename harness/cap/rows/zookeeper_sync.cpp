// Row "zookeeper-sync": a sync before each read.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row zookeeper_sync_row;
const Row zookeeper_sync_row{
    .name = "zookeeper-sync",
    .summary = "ZooKeeper with a sync before each read",
    .system = "zookeeper-sync",
    .election_timeout = 2 * kSecond,  // syncLimit * tickTime in systems/zookeeper/system.toml
};

}  // namespace sunder::harness::cap
