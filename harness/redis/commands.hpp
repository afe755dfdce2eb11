// The commands of the operations, and what their replies mean.
//
// OpRequest → **words_of** → session → Answer → **outcome_of** → Outcome. One command an operation, so it is done at one
// moment of one server:
//
//   read                 GET; of accounts: MGET; of a set, told by GET's WRONGTYPE: SMEMBERS
//   write increment add  SET, INCRBY, SADD
//   cas                  a script: GET, SET where it is the expected value; a mismatch tells what was there
//   txn                  a script: LRANGE and RPUSH in their order
//   transfer             a script: DECRBY and INCRBY where there is enough
//   acquire              SET key number NX PX: Redis' "Distributed Locks", for a single instance; no fencing token
//   release              a script: DEL where the number is still there
// Scripts begin with "#!lua", so that Redis (7.0 and later) knows whether one writes before it begins: a replica, or a
// primary that lacks replicas, refuses it as a whole.
//
// Outcomes, by what is *sure*:
//   what happened                                          read and txn of reads   all else
//   answered                                               ok                      ok; cas, transfer, lock: or fail/mismatch
//   nobody listens                                         fail/refused            fail/refused
//   no connection in time                                  fail/not-sent           fail/not-sent
//   READONLY, LOADING, MASTERDOWN, CLUSTERDOWN,            fail/refused            fail/refused
//     NOREPLICAS, MISCONF, BUSY: said before it is done
//   any other error of a command                           fail/definite           fail/definite
//   any other error of a txn or transfer: a script that    fail/definite           info/definite
//     breaks off keeps what it had done
//   the connection broke after sending                     fail/reset              info/reset
//   no answer in time                                      fail/timeout            info/timeout
//   WAIT (option `wait`): too few replicas, or no answer   -                       info/definite, of the failure
// Source: Redis documentation, "Redis serialization protocol", "Scripting with Lua", "Distributed Locks with Redis", "WAIT".
// Thread: pure. Tested by tests/harness/redis_client_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/operation.hpp"
#include "harness/redis/session.hpp"

namespace sunder::harness::redis {

/// `lock_time`: after which a lock ends by itself.
[[nodiscard]] std::vector<std::string> words_of(const OpRequest& request, Nanos lock_time);
/// True where GET found a set.
[[nodiscard]] bool is_collection(const Answer& answer);
[[nodiscard]] Outcome outcome_of(const OpRequest& request, const Answer& answer);
/// What the answer to WAIT leaves of a change that was done at the primary.
[[nodiscard]] Outcome outcome_of_wait(const OpRequest& request, const Outcome& done,
                                      const Answer& answer, std::int64_t replicas);

}  // namespace sunder::harness::redis
