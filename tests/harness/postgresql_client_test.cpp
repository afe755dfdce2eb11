// PostgreSQL's adapter: the bytes, every row of the table of outcomes, and what is told about servers that refuse, hang
// and break, on small servers that do so on purpose. A real cluster: tests/cluster/postgresql_test.py.
#include <memory>

#include "harness/client.hpp"
#include "harness/postgresql/sql.hpp"
#include "tests/harness/small_node.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::postgresql_client_test {

using namespace postgresql;
using namespace test;
using check::OpKind;

namespace {

std::string message(char type, const std::string& body) {
  std::string out(1, type);
  const auto length = static_cast<std::uint32_t>(body.size() + 4);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(length >> shift));
  return out + body;
}

std::string complaint(char type, const std::string& severity, const std::string& code,
                      const std::string& text) {
  std::string body;
  for (const auto& field : {"S" + severity, "V" + severity, "C" + code, "M" + text}) {
    body += field;
    body.push_back('\0');
  }
  body.push_back('\0');
  return message(type, body);
}

std::string row(const std::vector<std::string>& columns) {
  std::string body{'\0', static_cast<char>(columns.size())};
  for (const auto& column : columns) {
    if (column == "null") {
      body += "\xFF\xFF\xFF\xFF";
      continue;
    }
    body += std::string{'\0', '\0', '\0', static_cast<char>(column.size())} + column;
  }
  return message('D', body);
}

std::string done(const std::string& tag) {
  return message('C', tag + std::string(1, '\0'));
}

const std::string kReady = message('Z', "I");
const std::string kTrust = message('R', std::string(4, '\0'));

Reply reply_of(std::string bytes) {
  Reply reply;
  while (take_message(&bytes, &reply) == Taken::message) {
  }
  CHECK(bytes.empty());
  return reply;
}

Outcome outcome_after(const OpRequest& request, const std::string& bytes) {
  Answer answer;
  answer.reply = reply_of(bytes);
  return outcome_of(request, answer);
}

Outcome broken(const OpRequest& request, StreamEnd end, const std::string& bytes = {}) {
  Answer answer;
  answer.step = {end, "x"};
  answer.reply = reply_of(bytes);
  return outcome_of(request, answer);
}

bool is(const Outcome& outcome, EventType type, OpErrorClass error) {
  return outcome.type == type && outcome.error == error;
}

std::unique_ptr<DbClient> client_of(const SmallNode& node) {
  auto client = make_client("postgresql");
  REQUIRE(client.ok());
  ClientTarget target;
  target.node = node.where;
  target.timeout = 400 * kMillisecond;
  (*client)->open(target);
  return std::move(*client);
}

// RETURNS the body of the next message, without its type and length; of the hello too.
std::string take_body(int fd, bool hello) {
  if (!hello && take(fd, 1).empty()) return {};
  const std::string head = take(fd, 4);
  if (head.empty()) return {};
  std::size_t length = 0;
  for (const char byte : head) length = length << 8U | static_cast<unsigned char>(byte);
  return take(fd, length - 4);
}

}  // namespace

TEST_CASE("postgresql: messages both ways, and nothing is read beyond the end", "[postgresql]") {
  CHECK(startup_message("u", "d") ==
        std::string("\0\0\0\x1B\0\x03\0\0user\0u\0database\0d\0\0", 27));
  CHECK(query_message("X") == std::string("Q\0\0\0\x06X\0", 7));
  const Reply reply = reply_of(kTrust + row({"5", "null"}) + row({"", "{1}"}) + done("SELECT 2") +
                               complaint('N', "WARNING", "01000", "w") + kReady);
  CHECK(reply.trusted);
  REQUIRE(reply.results.size() == 1);
  REQUIRE(reply.results[0].size() == 2);
  CHECK(reply.results[0][0][0] == "5");
  CHECK_FALSE(reply.results[0][0][1].has_value());
  CHECK(reply.notices[0].code == "01000");
  CHECK(reply.ready);
  // Each body cut short anywhere is told as broken or as not yet there, never read beyond.
  for (const std::string& whole :
       {kTrust, row({"5", "null"}), done("SELECT 2"), complaint('E', "ERROR", "1", "t"), kReady}) {
    for (std::size_t size = 0; size + 5 < whole.size(); ++size) {
      Reply part;
      std::string bytes = message(whole[0], whole.substr(5, size));
      CHECK(take_message(&bytes, &part) == Taken::broken);
    }
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Reply part;
      std::string bytes = whole.substr(0, size);
      CHECK(take_message(&bytes, &part) == Taken::more);
    }
  }
  Reply none;
  std::string strange = "HTTP/1.1 400 Bad Request\r\n";
  CHECK(take_message(&strange, &none) == Taken::broken);
}

TEST_CASE("postgresql: keys are quoted", "[postgresql]") {
  OpRequest read = request(OpKind::read);
  read.key = "it's";
  CHECK(sql_of(read, "").find("k = 'it''s'") != std::string::npos);
}

TEST_CASE("postgresql: answers", "[postgresql]") {
  const Outcome read =
      outcome_after(request(OpKind::read), row({"5", "{3,-4}"}) + done("SELECT 1") + kReady);
  CHECK(read.type == EventType::ok);
  CHECK(read.value == 5);
  CHECK(read.list == std::vector<std::int64_t>{3, -4});
  CHECK_FALSE(outcome_after(request(OpKind::read), done("SELECT 0") + kReady).value.has_value());
  OpRequest accounts = request(OpKind::read);
  accounts.accounts = {"a", "b"};
  const Outcome balances =
      outcome_after(accounts, row({"a", "10"}) + row({"b", "20"}) + done("SELECT 2") + kReady);
  CHECK(balances.balances == std::map<std::string, std::int64_t>{{"a", 10}, {"b", 20}});

  const auto cas = [](const std::string& bytes) {
    return outcome_after(request(OpKind::cas), bytes + kReady);
  };
  CHECK(cas(row({"3"}) + done("SELECT 1") + done("UPDATE 1")).type == EventType::ok);
  const Outcome other = cas(row({"4"}) + done("SELECT 1") + done("UPDATE 0"));
  CHECK(is(other, EventType::fail, OpErrorClass::mismatch));
  CHECK(other.has_observed);
  CHECK(other.observed == 4);
  const Outcome absent = cas(done("SELECT 0") + done("UPDATE 0"));
  CHECK(absent.has_observed);
  CHECK_FALSE(absent.observed.has_value());
  OpRequest create = request(OpKind::cas);
  create.expected.reset();
  CHECK(outcome_after(create, done("INSERT 0 1") + kReady).type == EventType::ok);
  CHECK(is(outcome_after(create, done("INSERT 0 0") + kReady), EventType::fail,
           OpErrorClass::mismatch));

  OpRequest txn = request(OpKind::txn);
  txn.txn = {{false, "a", 0}, {true, "a", 5}, {false, "b", 0}};
  const Outcome both =
      outcome_after(txn, done("BEGIN") + row({"{1,2}"}) + done("SELECT 1") + done("INSERT 0 1") +
                             done("SELECT 0") + done("COMMIT") + kReady);
  CHECK(both.type == EventType::ok);
  REQUIRE(both.lists.size() == 2);
  CHECK(both.lists[0] == std::vector<std::int64_t>{1, 2});
  CHECK_FALSE(both.lists[1].has_value());
  CHECK(is(outcome_after(request(OpKind::transfer), done("UPDATE 0") + kReady), EventType::fail,
           OpErrorClass::mismatch));
}

TEST_CASE("postgresql: every row of the table of outcomes", "[postgresql]") {
  const OpRequest read = request(OpKind::read);
  for (const OpKind kind :
       {OpKind::write, OpKind::cas, OpKind::add, OpKind::increment, OpKind::transfer}) {
    const OpRequest change = request(kind);
    const auto error = [&](const std::string& severity, const std::string& code) {
      return outcome_after(change, complaint('E', severity, code, "t") + kReady);
    };
    CHECK(is(error("ERROR", "25006"), EventType::fail, OpErrorClass::refused));
    CHECK(is(error("ERROR", "40001"), EventType::fail, OpErrorClass::mismatch));
    CHECK(is(error("ERROR", "40P01"), EventType::fail, OpErrorClass::mismatch));
    CHECK(is(error("ERROR", "57014"), EventType::fail, OpErrorClass::definite));
    CHECK(is(error("FATAL", "57P01"), EventType::info, OpErrorClass::reset));
    CHECK(is(error("PANIC", "XX000"), EventType::info, OpErrorClass::reset));
    CHECK(is(broken(change, StreamEnd::refused), EventType::fail, OpErrorClass::refused));
    CHECK(is(broken(change, StreamEnd::not_sent), EventType::fail, OpErrorClass::not_sent));
    CHECK(is(broken(change, StreamEnd::timeout), EventType::info, OpErrorClass::timeout));
    CHECK(is(broken(change, StreamEnd::reset), EventType::info, OpErrorClass::reset));
    CHECK(is(broken(change, StreamEnd::reset, complaint('E', "FATAL", "57P01", "shut down")),
             EventType::info, OpErrorClass::reset));
    const std::string here_only = complaint(
        'N', "WARNING", "01000", "canceling wait for synchronous replication due to user request");
    CHECK(is(outcome_after(change, here_only + done("INSERT 0 1") + kReady), EventType::info,
             OpErrorClass::definite));
  }
  CHECK(is(outcome_after(read, complaint('E', "ERROR", "40001", "replay") + kReady),
           EventType::fail, OpErrorClass::definite));
  CHECK(is(broken(read, StreamEnd::timeout), EventType::fail, OpErrorClass::timeout));
  CHECK(is(broken(read, StreamEnd::reset), EventType::fail, OpErrorClass::reset));
  CHECK(is(outcome_after(read, complaint('E', "FATAL", "57P01", "t")), EventType::fail,
           OpErrorClass::reset));
  // Replies of another form prove nothing.
  CHECK(is(outcome_after(request(OpKind::cas), done("SELECT 1") + kReady), EventType::info,
           OpErrorClass::reset));
  CHECK(is(outcome_after(read, row({"1"}) + done("SELECT 1") + kReady), EventType::fail,
           OpErrorClass::reset));
}

TEST_CASE("postgresql: servers that turn away, hang and break", "[postgresql]") {
  const OpRequest write = request(OpKind::write);
  {
    SmallNode starting([](int fd) {
      take_body(fd, true);
      say(fd, complaint('E', "FATAL", "57P03", "the database system is starting up"));
    });
    const Outcome outcome = client_of(starting)->invoke(write);
    CHECK(is(outcome, EventType::fail, OpErrorClass::refused));
    CHECK(outcome.text.find("starting up") != std::string::npos);
  }
  {
    SmallNode silent([](int fd) {
      take_body(fd, true);
      take_body(fd, false);
    });
    CHECK(is(client_of(silent)->invoke(write), EventType::fail, OpErrorClass::not_sent));
  }
  {
    SmallNode locked([](int fd) {
      take_body(fd, true);
      say(fd, message('R', std::string("\0\0\0\x0A", 4)));
      take_body(fd, false);
    });
    const Outcome outcome = client_of(locked)->invoke(write);
    CHECK(is(outcome, EventType::fail, OpErrorClass::refused));
  }
  {
    SmallNode hangs([](int fd) {
      take_body(fd, true);
      say(fd, kTrust + kReady);
      while (!take_body(fd, false).empty()) {
      }
    });
    auto client = client_of(hangs);
    CHECK(is(client->invoke(write), EventType::info, OpErrorClass::timeout));
    CHECK(is(client->invoke(request(OpKind::read)), EventType::fail, OpErrorClass::timeout));
    CHECK(hangs.connections == 2);  // an answer that comes late must not meet another query
  }
  {
    SmallNode breaks([](int fd) {
      take_body(fd, true);
      say(fd, kTrust + kReady);
      take_body(fd, false);
    });
    CHECK(is(client_of(breaks)->invoke(write), EventType::info, OpErrorClass::reset));
  }
}

TEST_CASE("postgresql: a table that is missing is made, and the query asked again",
          "[postgresql]") {
  std::string asked;
  SmallNode fresh([&](int fd) {
    take_body(fd, true);
    say(fd, kTrust + kReady);
    for (std::string sql = take_body(fd, false); !sql.empty(); sql = take_body(fd, false)) {
      asked += sql.substr(0, 6) + " ";
      if (asked == "INSERT ") {
        say(fd, complaint('E', "ERROR", "42P01", "no table") + kReady);
      } else {
        say(fd, done("INSERT 0 1") + kReady);
      }
    }
  });
  {
    auto client = client_of(fresh);
    CHECK(client->invoke(request(OpKind::write)).type == EventType::ok);
    client->close();
  }
  CHECK(asked == "INSERT CREATE INSERT ");
}

}  // namespace sunder::harness::postgresql_client_test
