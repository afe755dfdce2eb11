// See sql.hpp.
#include "harness/postgresql/sql.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "harness/clients/outcomes.hpp"

namespace sunder::harness::postgresql {
namespace {

using check::OpKind;

constexpr const char* kUndefinedTable = "42P01";
constexpr const char* kReadOnly = "25006";

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string upsert(const std::string& key, const char* column, const std::string& value,
                   const std::string& merged) {
  return "INSERT INTO sunder (k, " + std::string(column) + ") VALUES (" + quoted(key) + ", " +
         value + ") ON CONFLICT (k) DO UPDATE SET " + column + " = " + merged;
}

std::string append_sql(const std::string& key, std::int64_t value) {
  return upsert(key, "l", "ARRAY[" + std::to_string(value) + "::bigint]",
                "coalesce(sunder.l, '{}') || EXCLUDED.l");
}

std::string where(const std::string& key) {
  return " WHERE k = " + quoted(key);
}

std::string read_sql(const OpRequest& request) {
  if (request.accounts.empty()) return "SELECT v, l FROM sunder" + where(request.key);
  std::string keys;
  for (const auto& account : request.accounts) keys += (keys.empty() ? "" : ",") + quoted(account);
  return "SELECT k, v FROM sunder WHERE k IN (" + keys + ")";
}

std::string cas_sql(const OpRequest& request) {
  const std::string fresh = std::to_string(request.value);
  if (!request.expected) {
    return "INSERT INTO sunder (k, v) VALUES (" + quoted(request.key) + ", " + fresh +
           ") ON CONFLICT (k) DO NOTHING";
  }
  return "SELECT v FROM sunder" + where(request.key) +
         " FOR UPDATE; UPDATE sunder SET v = " + fresh + where(request.key) +
         " AND v = " + std::to_string(*request.expected);
}

std::string txn_sql(const OpRequest& request, const std::string& isolation) {
  std::string out = "BEGIN ISOLATION LEVEL " + isolation + "; ";
  for (const MicroRequest& op : request.txn) {
    out +=
        (op.append ? append_sql(op.key, op.value) : "SELECT l FROM sunder" + where(op.key)) + "; ";
  }
  return out + "COMMIT";
}

std::string transfer_sql(const OpRequest& request) {
  const std::string amount = std::to_string(request.value);
  return "WITH taken AS (UPDATE sunder SET v = v - " + amount + where(request.from) +
         " AND v >= " + amount + " RETURNING 1) UPDATE sunder SET v = v + " + amount +
         where(request.to) + " AND EXISTS (SELECT 1 FROM taken)";
}

std::optional<std::int64_t> number(const std::optional<std::string>& text) {
  std::int64_t out = 0;
  if (!text) return std::nullopt;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return out;
}

// "{3,1,2}"; null where the key has no list.
std::optional<std::vector<std::int64_t>> list(const std::optional<std::string>& text) {
  if (!text || text->size() < 2) return std::nullopt;
  std::vector<std::int64_t> out;
  const char* at = text->data() + 1;
  const char* end = text->data() + text->size() - 1;
  while (at < end) {
    std::int64_t one = 0;
    const auto parsed = std::from_chars(at, end, one);
    if (parsed.ec != std::errc{}) return std::nullopt;
    out.push_back(one);
    at = parsed.ptr + 1;  // over the comma
  }
  return out;
}

// "UPDATE 1", "INSERT 0 1": the last number.
bool changed_a_row(const Reply& reply) {
  return !reply.tags.empty() && !reply.tags.back().empty() && reply.tags.back().back() != '0';
}

Outcome mismatch(std::string text) {
  return outcome(EventType::fail, OpErrorClass::mismatch, std::move(text));
}

Outcome strange(const OpRequest& request) {
  return unsure(request, OpErrorClass::reset, "the reply has not the form that was asked for");
}

Outcome read_outcome(const OpRequest& request, const Reply& reply) {
  if (reply.results.size() != 1) return strange(request);
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  for (const Row& row : reply.results[0]) {
    if (row.size() != 2) return strange(request);
    if (request.accounts.empty()) {
      out.value = number(row[0]);
      out.list = list(row[1]);
    } else if (row[0] && number(row[1])) {
      out.balances[*row[0]] = *number(row[1]);
    }
  }
  return out;
}

Outcome cas_outcome(const OpRequest& request, const Reply& reply) {
  if (reply.tags.size() != (request.expected ? 2U : 1U)) return strange(request);
  if (changed_a_row(reply)) return outcome(EventType::ok, OpErrorClass::none, "");
  if (!request.expected) return mismatch("the key was there");
  Outcome out = mismatch("another value was there");
  out.has_observed = true;  // the row was locked: nobody changed it in between
  const auto& rows = reply.results[0];
  if (!rows.empty() && !rows[0].empty()) out.observed = number(rows[0][0]);
  return out;
}

Outcome txn_outcome(const OpRequest& request, const Reply& reply) {
  if (reply.tags.size() != request.txn.size() + 2) return strange(request);
  // A transaction that had failed already is rolled back by its COMMIT.
  if (reply.tags.back() != "COMMIT") return mismatch("rolled back");
  Outcome out = outcome(EventType::ok, OpErrorClass::none, "");
  for (std::size_t i = 0; i < request.txn.size(); ++i) {
    if (request.txn[i].append) continue;
    const auto& rows = reply.results[i + 1];
    out.lists.push_back(rows.empty() || rows[0].empty() ? std::nullopt : list(rows[0][0]));
  }
  return out;
}

Outcome error_outcome(const OpRequest& request, const Complaint& error) {
  if (error.code == kReadOnly) return outcome(EventType::fail, OpErrorClass::refused, error.text);
  // A read has nothing to be overtaken in: a standby says 40001 where replay was in the way.
  const bool overtaken = error.code == "40001" || error.code == "40P01";
  if (overtaken && request.changes()) return mismatch(error.text);
  if (error.severity == "ERROR") {
    return outcome(EventType::fail, OpErrorClass::definite, error.code + " " + error.text);
  }
  return unsure(request, OpErrorClass::reset, error.severity + " " + error.code + " " + error.text);
}

// What the server said before the connection ended goes before what happened to the connection.
Outcome broken_outcome(const OpRequest& request, const Answer& answer) {
  Outcome out = harness::outcome_of(request, answer.step);
  if (answer.reply.error) out.text = answer.reply.error->text + "; " + out.text;
  return out;
}

bool kept_here_only(const Reply& reply) {
  return std::any_of(reply.notices.begin(), reply.notices.end(), [](const Complaint& notice) {
    return notice.severity == "WARNING" &&
           notice.text.find("synchronous replication") != std::string::npos;
  });
}

}  // namespace

std::string table_sql() {
  return "CREATE TABLE IF NOT EXISTS sunder (k text PRIMARY KEY, v bigint, l bigint[])";
}

std::string sql_of(const OpRequest& request, const std::string& isolation) {
  const std::string value = std::to_string(request.value);
  switch (request.kind) {
    case OpKind::read: return read_sql(request);
    case OpKind::write: return upsert(request.key, "v", value, "EXCLUDED.v");
    case OpKind::increment:
      return upsert(request.key, "v", value, "coalesce(sunder.v, 0) + EXCLUDED.v");
    case OpKind::add: return append_sql(request.key, request.value);
    case OpKind::cas: return cas_sql(request);
    case OpKind::txn: return txn_sql(request, isolation);
    case OpKind::transfer: return transfer_sql(request);
    default: return "SELECT 1";
  }
}

bool lacks_table(const Answer& answer) {
  return answer.step.ok() && answer.reply.error && answer.reply.error->code == kUndefinedTable;
}

Outcome outcome_of(const OpRequest& request, const Answer& answer) {
  if (!answer.step.ok()) return broken_outcome(request, answer);
  if (answer.reply.error) return error_outcome(request, *answer.reply.error);
  if (request.changes() && kept_here_only(answer.reply)) {
    return unsure(request, OpErrorClass::definite, "committed at this server; nobody waited");
  }
  switch (request.kind) {
    case OpKind::read: return read_outcome(request, answer.reply);
    case OpKind::cas: return cas_outcome(request, answer.reply);
    case OpKind::txn: return txn_outcome(request, answer.reply);
    case OpKind::transfer:
      if (!changed_a_row(answer.reply)) return mismatch("there is not enough on the account");
      return outcome(EventType::ok, OpErrorClass::none, "");
    default: return outcome(EventType::ok, OpErrorClass::none, "");
  }
}

}  // namespace sunder::harness::postgresql
