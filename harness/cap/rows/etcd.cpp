// Row "etcd": as its documentation recommends it, with linearizable reads.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row etcd_row;
const Row etcd_row{
    .name = "etcd",
    .summary = "etcd with linearizable reads, its default",
    .system = "etcd",
    .election_timeout = kSecond,  // --election-timeout=1000 in systems/etcd/system.toml
};

}  // namespace sunder::harness::cap
