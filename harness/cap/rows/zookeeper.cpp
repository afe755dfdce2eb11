// Row "zookeeper": as its clients use it: any node answers a read from what it has.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row zookeeper_row;
const Row zookeeper_row{
    .name = "zookeeper",
    .summary = "ZooKeeper with plain reads, its default",
    .system = "zookeeper",
    .election_timeout = 2 * kSecond,  // syncLimit * tickTime in systems/zookeeper/system.toml
};

}  // namespace sunder::harness::cap
