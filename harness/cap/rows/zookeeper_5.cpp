// Row "zookeeper-5": plain reads on five nodes.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row zookeeper_5_row;
const Row zookeeper_5_row{
    .name = "zookeeper-5",
    .summary = "ZooKeeper with plain reads, five nodes",
    .system = "zookeeper",
    .nodes = 5,
    .election_timeout = 2 * kSecond,  // syncLimit * tickTime in systems/zookeeper/system.toml
};

}  // namespace sunder::harness::cap
