// The event log and the JSON writer: lines on disk as they are answered, in order, escaped.
#include "control/event_log.hpp"

#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;

TEST_CASE("event lines have an index, a time and their fields, in the file and in memory") {
  const std::string path = "/tmp/sunder-event-log-test-" + std::to_string(::getpid()) + ".jsonl";
  ::unlink(path.c_str());
  {
    auto log = EventLog::open(path);
    REQUIRE(log.ok());
    CHECK((*log)->append(5, "note", JsonText().text("text", "a \"quoted\"\nline\x01")) == 0);
    CHECK((*log)->append(7, "partition", JsonText().pairs("pairs", {{"n1", "n2"}})) == 1);
    const auto page = (*log)->since(1);
    REQUIRE(page.lines.size() == 1);
    CHECK(page.lines[0] == R"({"index":1,"time":7,"event":"partition","pairs":[["n1","n2"]]})");
    CHECK(page.next == 2);
    CHECK((*log)->since(2).lines.empty());
    CHECK((*log)->since(99).next == 2);
  }
  std::ifstream in(path);
  std::string line;
  REQUIRE(std::getline(in, line));
  const auto first = nlohmann::json::parse(line);
  CHECK(first["text"] == "a \"quoted\"\nline\x01");
  REQUIRE(std::getline(in, line));
  CHECK_FALSE(std::getline(in, line));
  ::unlink(path.c_str());
}

TEST_CASE("memory is bounded and says where it begins") {
  auto log = std::move(EventLog::open("")).value();
  for (std::size_t i = 0; i < EventLog::kKept + 10; ++i) log->append(0, "note", {});
  const auto page = log->since(0);
  CHECK(page.oldest == 10);
  CHECK(page.lines.size() == EventLog::kKept);
  CHECK(page.next == EventLog::kKept + 10);
}

TEST_CASE("a file that can't be written is an error") {
  const auto log = EventLog::open("/proc/no/such/file");
  REQUIRE_FALSE(log.ok());
  CHECK(log.error().code == ErrorCode::io);
}

TEST_CASE("bytes that are no UTF-8 do not break the JSON") {
  for (const std::string& text :
       {std::string("\xff"), std::string("a\xc3"), std::string("\xe2\x82"),
        std::string("caf\xc3\xa9"), std::string("\xc0\x80")}) {
    const auto parsed = nlohmann::json::parse(json_quoted(text), nullptr, false);
    CHECK(parsed.is_string());
  }
  CHECK(nlohmann::json::parse(json_quoted("caf\xc3\xa9")) == "caf\xc3\xa9");
}
