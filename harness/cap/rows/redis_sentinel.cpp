// Row "redis-sentinel": a primary and two replicas that it does not wait for; sentinels make a replica the primary.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row redis_sentinel_row;
const Row redis_sentinel_row{
    .name = "redis-sentinel",
    .summary =
        "Redis with Sentinel: asynchronous replicas, one is promoted when the primary is missed",
    .system = "redis-sentinel",
    .election_timeout =
        2 * kSecond,  // down-after-milliseconds in systems/redis-sentinel/system.toml
};

}  // namespace sunder::harness::cap
