// The statements of the operations, and what their replies mean.
//
// OpRequest → **sql_of** → session → Answer → **outcome_of** → Outcome. One query an operation, so one transaction:
// a table of keys, each with a number (registers, counters, accounts) and a list (sets, lists that are appended to).
//
//   read                 select of the number and the list; of accounts: of all of them
//   write increment add  insert, or on conflict update, of one row
//   cas                  select … for update of the row, and update where the number is the expected one: a mismatch tells
//                        what was there; from absent: insert, on conflict nothing
//   txn                  begin at [client] isolation, selects and appends in their order, commit
//   transfer             one update that takes from one row where there is enough, and gives to the other
//
// Outcomes, by what is *sure*:
//   what happened                                          read and txn of reads   all else
//   answered                                               ok                      ok; cas, transfer: or fail/mismatch
//   no connection: nobody listens, or the server turns     fail/refused            fail/refused
//     clients away (starts, ends, has too many)
//   no connection in time                                  fail/not-sent           fail/not-sent
//   25006, a standby can't write                           fail/refused            fail/refused
//   40001, 40P01: another transaction was faster, or       fail/definite           fail/mismatch
//     a standby's replay was in the way of a read
//   any other ERROR: its transaction is rolled back        fail/definite           fail/definite
//   FATAL, PANIC, or the connection broke after sending    fail/reset              info/reset
//   no answer in time                                      fail/timeout            info/timeout
//   "canceling wait for synchronous replication": it is    ok                      info/definite
//     committed here, and perhaps nowhere else
// Source: PostgreSQL documentation, appendix "PostgreSQL Error Codes"; src/backend/replication/syncrep.c for the last.
// Thread: pure. Tested by tests/harness/postgresql_client_test.cpp.
#pragma once

#include <string>

#include "harness/operation.hpp"
#include "harness/postgresql/session.hpp"

namespace sunder::harness::postgresql {

/// Makes the table where it is missing.
[[nodiscard]] std::string table_sql();
/// `isolation` of transactions: "serializable", "repeatable read" or "read committed".
[[nodiscard]] std::string sql_of(const OpRequest& request, const std::string& isolation);
/// True where the table was not there: nothing was done.
[[nodiscard]] bool lacks_table(const Answer& answer);
[[nodiscard]] Outcome outcome_of(const OpRequest& request, const Answer& answer);

}  // namespace sunder::harness::postgresql
