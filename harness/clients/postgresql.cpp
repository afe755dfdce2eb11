// PostgreSQL: rows of one table, by simple queries of its own protocol; the operations and outcomes: postgresql/sql.hpp.
//
// [client] of the system: isolation = "serializable" (default), "repeatable read" or "read committed": of transactions over
// lists. user and database: whom it connects as, both "sunder" and "postgres" by default.
// After an error in a transaction the next query is preceded by a ROLLBACK, in a query of its own.
// Thread: one per client. Tested by tests/harness/postgresql_client_test.cpp.
#include <memory>
#include <utility>

#include "base/assert.hpp"
#include "harness/client.hpp"
#include "harness/clients/outcomes.hpp"
#include "harness/postgresql/sql.hpp"

namespace sunder::harness {

std::unique_ptr<DbClient> make_postgresql_client();

namespace {

using check::OpKind;
using postgresql::Answer;

class PostgresqlClient final : public DbClient {
 public:
  void open(const ClientTarget& target) override {
    target_ = target;
    const auto option = [&](const char* name, const std::string& fallback) {
      const auto at = target.options.find(name);
      return at == target.options.end() ? fallback : at->second;
    };
    isolation_ = option("isolation", "serializable");
    session_ = std::make_unique<postgresql::Session>(
        target.node, target.source, option("user", "sunder"), option("database", "postgres"));
  }

  [[nodiscard]] bool offers(OpKind kind) const override {
    return DbClient::offers(kind) || kind == OpKind::add || kind == OpKind::increment ||
           kind == OpKind::txn || kind == OpKind::transfer;
  }

  Outcome invoke(const OpRequest& request) override {
    SUNDER_ASSERT(session_ != nullptr);
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    if (!offers(request.kind)) {
      return outcome(
          EventType::fail, OpErrorClass::definite,
          std::string("the client of PostgreSQL has no ") + check::name_of(request.kind));
    }
    if (left_open_ && session_->query("ROLLBACK", deadline).step.ok()) left_open_ = false;
    if (left_open_) session_->close();
    left_open_ = false;
    const std::string sql = postgresql::sql_of(request, isolation_);
    Answer answer = session_->query(sql, deadline);
    if (postgresql::lacks_table(answer)) {
      // Nothing was done. Who makes the table at the same moment gets an error, and then finds it. A standby can't: its
      // clients hear that the table is not there yet.
      left_open_ = request.kind == OpKind::txn;
      if (left_open_ && session_->query("ROLLBACK", deadline).step.ok()) left_open_ = false;
      static_cast<void>(session_->query(postgresql::table_sql(), deadline));
      Answer again = session_->query(sql, deadline);
      answer = std::move(again);
    }
    left_open_ = request.kind == OpKind::txn && answer.step.ok() && answer.reply.error.has_value();
    return postgresql::outcome_of(request, answer);
  }

  // One server takes writes; a standby does not say which. So that its clients' questions agree: "primary".
  Result<NodeView> view() override {
    SUNDER_ASSERT(session_ != nullptr);
    const Nanos deadline = monotonic_clock().now() + target_.timeout;
    const Answer answer = session_->query("SELECT pg_is_in_recovery()", deadline);
    const auto& results = answer.reply.results;
    if (!answer.step.ok() || results.size() != 1 || results[0].size() != 1 ||
        results[0][0].size() != 1) {
      return Error{ErrorCode::unavailable, "PostgreSQL at " + to_string(target_.node) +
                                               " does not tell its role: " + answer.step.text};
    }
    NodeView out;
    out.leader = "primary";
    out.self = results[0][0][0] == "f" ? out.leader : "standby";
    out.term = 1;  // nobody is promoted here
    return out;
  }

  void close() override {
    if (session_) session_->close();
    left_open_ = false;
  }

 private:
  ClientTarget target_;
  std::string isolation_;
  std::unique_ptr<postgresql::Session> session_;
  bool left_open_ = false;  // a transaction that failed waits for its end
};

}  // namespace

std::unique_ptr<DbClient> make_postgresql_client() {
  return std::make_unique<PostgresqlClient>();
}

}  // namespace sunder::harness
