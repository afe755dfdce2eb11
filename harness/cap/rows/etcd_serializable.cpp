// Row "etcd-serializable": the same cluster; reads ask for "serializable", so each node answers from what it has.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row etcd_serializable_row;
const Row etcd_serializable_row{
    .name = "etcd-serializable",
    .summary = "etcd with serializable reads: any node answers from what it has",
    .system = "etcd",
    .reads = "serializable",
    .election_timeout = kSecond,
};

}  // namespace sunder::harness::cap
