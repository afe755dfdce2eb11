// Histories written again: what was read from a written file is what was written, and the text is what the format asks for.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "check/writers/writer.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::TempFile;

namespace {

constexpr const char* kAll =
    R"({"sunder":1,"t0":5,"wall":"2026-01-02T03:04:05Z","clock":"shared","initial":0,"seed":9,"suite":"a \"b\"","nodes":["n1","n2"]}
{"index":0,"time":1,"process":0,"type":"invoke","f":"write","key":"k1","value":7,"node":"n2"}
{"index":1,"time":2,"process":1,"type":"invoke","f":"read","key":"k1","value":null,"node":"n1","intended":1}
{"index":2,"time":3,"process":0,"type":"ok","f":"write","key":"k1","value":7,"node":"n2"}
{"index":3,"time":4,"process":1,"type":"ok","f":"read","key":"k1","value":7,"node":"n1"}
{"index":4,"time":5,"process":0,"type":"invoke","f":"cas","key":"k2","value":["x",{"a":[null,2.5]}]}
{"index":5,"time":6,"process":0,"type":"fail","f":"cas","key":"k2","value":["x",{"a":[null,2.5]}],"error":{"class":"mismatch","observed":8}}
{"index":6,"time":7,"process":1,"type":"invoke","f":"txn","value":[["r","3",null],["append","3",4],["w","z",1]]}
{"index":7,"time":8,"process":1,"type":"ok","f":"txn","value":[["r","3",[1,2]],["append","3",4],["w","z",1]]}
{"index":8,"time":9,"process":0,"type":"invoke","f":"drain","value":null}
{"index":9,"time":9,"process":0,"type":"ok","f":"drain","value":[1,2]}
{"index":10,"time":10,"process":2,"type":"invoke","f":"add","value":-3}
{"index":11,"time":11,"process":2,"type":"info","f":"add","value":-3,"error":{"class":"timeout"}}
{"index":12,"time":12,"process":3,"type":"invoke","f":"read","key":"k1","value":null}
)";

std::string written(const History& history, const char* format) {
  const TempFile file("");
  std::FILE* out = std::fopen(file.path().c_str(), "wb");
  REQUIRE(out != nullptr);
  const Writer* writer = find_writer(format);
  REQUIRE(writer != nullptr);
  CHECK(write_history(history, *writer, ::fileno(out)).ok());
  std::fclose(out);
  std::ostringstream text;
  text << std::ifstream(file.path(), std::ios::binary).rdbuf();
  return text.str();
}

History read(const std::string& text) {
  const TempFile file(text);
  auto history = read_history(file.path());
  INFO((history.ok() ? "" : history.error().text()));
  REQUIRE(history.ok());
  return std::move(*history);
}

// What an operation says, without the numbers that values happen to have.
std::string said(const History& history, const Op& op) {
  std::ostringstream out;
  out << name_of(op.kind) << ' ' << history.keys[op.key] << ' ' << history.values.text(op.value)
      << ' ' << history.values.text(op.old) << ' ' << history.values.text(op.observed) << ' '
      << name_of(op.outcome) << ' ' << name_of(op.error) << ' ' << op.invoked << ' ' << op.completed
      << ' ' << op.intended << ' ' << op.process << ' ' << op.invoke_event << ' '
      << op.complete_event << ' '
      << (op.node < history.nodes.size() ? history.nodes[op.node] : "-");
  if (op.txn == kNone) return out.str();
  for (const Micro& micro : history.txn(op.txn)) {
    out << " (" << static_cast<int>(micro.f) << ' ' << history.keys[micro.key] << ' '
        << history.values.text(micro.value) << ')';
  }
  return out.str();
}

}  // namespace

TEST_CASE("a history written as JSON Lines is read again as it was", "[check]") {
  const History first = read(kAll);
  const std::string text = written(first, "jsonl");
  const History again = read(text);
  CHECK(again.header.t0 == 5);
  CHECK(again.header.suite == "a \"b\"");
  CHECK(again.header.nodes == first.header.nodes);
  CHECK(again.values.text(again.initial) == "0");
  REQUIRE(again.ops.size() == first.ops.size());
  for (std::size_t i = 0; i < first.ops.size(); ++i) {
    CHECK(said(again, again.ops[i]) == said(first, first.ops[i]));
  }
  CHECK(written(again, "jsonl") == text);
}

TEST_CASE("a history written as EDN has Jepsen's words", "[check]") {
  const std::string text = written(read(kAll), "edn");
  std::istringstream lines(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  REQUIRE(all.size() == 13);
  CHECK(
      all[0] ==
      R"({:index 0, :time 1, :type :invoke, :process 0, :f :write, :value ["k1" 7], :node "n2"})");
  CHECK(all[1].find(":f :read, :value [\"k1\" nil]") != std::string::npos);
  CHECK(all[3].find(":type :ok, :process 1, :f :read, :value [\"k1\" 7]") != std::string::npos);
  CHECK(all[5].find(R"(:value ["k2" ["x" {"a" [nil 2.5]}]], :error :mismatch)") !=
        std::string::npos);
  CHECK(all[7].find(R"(:f :txn, :value [[:r 3 [1 2]] [:append 3 4] [:w "z" 1]])") !=
        std::string::npos);
  CHECK(all[8].find(":f :drain, :value nil}") != std::string::npos);
  CHECK(all[11].find(":type :info, :process 2, :f :add, :value -3, :error :timeout") !=
        std::string::npos);
}

TEST_CASE("a witness' events are lines of our own format, in their order", "[check]") {
  const auto lines = event_lines(read(kAll), {3, 0, 99});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("\"index\":0,") != std::string::npos);
  CHECK(
      lines[1] ==
      R"({"index":3,"time":4,"process":1,"type":"ok","f":"read","key":"k1","value":7,"node":"n1"})");
}

TEST_CASE("a read of which nobody knows what it returned is written as failed", "[check]") {
  History history = read(kAll);
  history.ops[1].value = kUnknown;
  const std::string text = written(history, "jsonl");
  const History again = read(text);
  CHECK(again.ops[1].outcome == EventType::fail);
  CHECK(written(history, "edn").find(":type :ok, :process 1, :f :read, :value [\"k1\" nil]") !=
        std::string::npos);
}
