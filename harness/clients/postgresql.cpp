// PostgreSQL: rows of one table, by simple queries of its own protocol; the operations and outcomes: postgresql/sql.hpp.
//
// [client] of the system: isolation = "serializable" (default), "repeatable read" or "read committed": of transactions over
// lists. user and database: whom it connects as, both "sunder" and "postgres" by default.
// A transaction that failed is ended by a ROLLBACK, in a query of its own.
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

  [[nodiscard]] std::vector<ClientOption> options() const override {
    return {{"isolation", {"serializable", "repeatable read", "read committed"}},
            {"user"},
            {"database"}};
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
    Answer answer = ask(request, deadline);
    if (postgresql::lacks_table(answer)) {
      // Nothing was done. Who makes the table at the same moment gets an error, and then finds it. A standby can't: its
      // clients hear that the table is not there yet.
      static_cast<void>(session_->query(postgresql::table_sql(), deadline));
      answer = ask(request, deadline);
    }
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
  }

 private:
  // A transaction that failed waits for its end; if that does not come, the connection goes with it.
  Answer ask(const OpRequest& request, Nanos deadline) {
    Answer answer = session_->query(postgresql::sql_of(request, isolation_), deadline);
    const bool left_open = request.kind == OpKind::txn && answer.step.ok() && answer.reply.error;
    if (left_open && !session_->query("ROLLBACK", deadline).step.ok()) session_->close();
    return answer;
  }

  ClientTarget target_;
  std::string isolation_;
  std::unique_ptr<postgresql::Session> session_;
};

}  // namespace

std::unique_ptr<DbClient> make_postgresql_client() {
  return std::make_unique<PostgresqlClient>();
}

}  // namespace sunder::harness
