// The bytes of PostgreSQL's frontend/backend protocol, version 3, as far as simple queries need it.
//
// session → startup_message, query_message → node → **take_message** → Reply → the adapter. No I/O.
// Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol", "Message Formats" and "Error and Notice Message
// Fields". Bounds-checked: a message that does not hold what it should ends the parse.
// Thread: pure. Tested by tests/harness/postgresql_client_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sunder::harness::postgresql {

[[nodiscard]] std::string startup_message(std::string_view user, std::string_view database);
/// One simple query; several statements with semicolons are one transaction, unless they say otherwise.
[[nodiscard]] std::string query_message(std::string_view sql);

/// Of ErrorResponse and NoticeResponse.
struct Complaint {
  std::string severity;  ///< "ERROR", "FATAL", "WARNING", never translated
  std::string code;      ///< SQLSTATE, five characters
  std::string text;
};

using Row = std::vector<std::optional<std::string>>;  ///< columns as text; nothing: null

/// What a query brought, up to ReadyForQuery.
struct Reply {
  std::vector<std::vector<Row>> results;  ///< rows of each statement that was completed
  std::vector<std::string> tags;          ///< "UPDATE 1", one a statement
  std::optional<Complaint> error;
  std::vector<Complaint> notices;
  bool ready = false;    ///< the node waits for the next query
  bool trusted = false;  ///< AuthenticationOk
  bool asks_password = false;

 private:
  friend bool apply(char type, std::string_view body, Reply* reply);
  std::vector<Row> rows_;
};

/// Puts one message into the reply; those of no interest are passed over. RETURNS false where its body is not as it should
/// be.
[[nodiscard]] bool apply(char type, std::string_view body, Reply* reply);

enum class Taken { message, more, broken };
/// Takes the first whole message off `bytes` and applies it. `more`: bytes are missing; `broken`: not the protocol.
[[nodiscard]] Taken take_message(std::string* bytes, Reply* reply);

}  // namespace sunder::harness::postgresql
