// Row "etcd-5": five nodes: two may be lost.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row etcd_5_row;
const Row etcd_5_row{
    .name = "etcd-5",
    .summary = "etcd with linearizable reads, five nodes",
    .system = "etcd",
    .nodes = 5,
    .election_timeout = kSecond,  // --election-timeout=1000 in systems/etcd/system.toml
};

}  // namespace sunder::harness::cap
