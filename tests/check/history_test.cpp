// The reader: what it takes, what it refuses and where it says so.
#include "check/history.hpp"

#include "check/check_kind.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::TempFile;

namespace {

const std::string kHeader =
    R"({"sunder":1,"t0":5,"wall":"2026-01-01T00:00:00Z","clock":"shared","initial":null,"seed":7,)"
    R"("suite":"s","nodes":["n1","n2"]})"
    "\n";

// The message of reading `text`, with the file's name as FILE.
std::string refusal(const std::string& text) {
  const TempFile file(text);
  const auto history = read_history(file.path());
  REQUIRE_FALSE(history.ok());
  CHECK(history.error().code == ErrorCode::invalid);
  std::string message = history.error().text();
  const auto at = message.find(file.path());
  if (at != std::string::npos) message.replace(at, file.path().size(), "FILE");
  return message;
}

}  // namespace

TEST_CASE("a history's events become operations", "[check]") {
  const TempFile file(
      kHeader +
      R"({"index":0,"time":10,"process":1,"type":"invoke","f":"write","key":"k1","value":7,"node":"n2"})"
      "\n"
      R"({"index":1,"time":12,"process":2,"type":"invoke","f":"read","key":"k1","value":null,"node":"n1","intended":11})"
      "\n\n"
      R"({"index":2,"time":20,"process":1,"type":"ok","f":"write","key":"k1","value":7,"node":"n2"})"
      "\n"
      R"({"index":3,"time":21,"process":2,"type":"ok","f":"read","key":"k1","value":null})"
      "\n"
      R"({"index":4,"time":22,"process":2,"type":"invoke","f":"cas","key":"k1","value":[7,"a\u0062"]})"
      "\n"
      R"({"index":5,"time":23,"process":1,"type":"invoke","f":"add","value":7})"
      "\n"
      R"({"index":6,"time":24,"process":2,"type":"fail","f":"cas","error":{"class":"mismatch","text":"no","observed":8}})"
      "\n"
      R"({"index":7,"time":25,"process":3,"type":"invoke","f":"write","key":9,"value":{"b" : [1, 2.5]}})");
  const auto read = read_history(file.path());
  REQUIRE(read.ok());
  const History& history = read.value();
  CHECK(history.events == 8);
  CHECK(history.header.seed == 7);
  CHECK(history.header.t0 == 5);
  CHECK(history.nodes == std::vector<std::string>{"n1", "n2"});
  CHECK(history.keys == std::vector<std::string>{"k1", "", "9"});
  CHECK(history.initial == kAbsent);
  CHECK(history.warnings.empty());
  REQUIRE(history.ops.size() == 5);

  const Op& write = history.ops[0];
  CHECK(write.kind == OpKind::write);
  CHECK(write.outcome == EventType::ok);
  CHECK(write.invoked == 10);
  CHECK(write.completed == 20);
  CHECK(write.invoke_event == 0);
  CHECK(write.complete_event == 2);
  CHECK(history.values.text(write.value) == "7");
  CHECK(history.nodes[write.node] == "n2");
  CHECK(history.ops[1].value == kAbsent);
  CHECK(history.ops[1].intended == 11);

  const Op& cas = history.ops[2];
  CHECK(cas.outcome == EventType::fail);
  CHECK(cas.error == OpErrorClass::mismatch);
  CHECK(cas.old == write.value);
  CHECK(history.values.text(cas.value) == "\"ab\"");
  CHECK(history.values.text(cas.observed) == "8");

  CHECK(history.ops[3].kind == OpKind::add);
  CHECK(history.ops[3].outcome == EventType::info);
  CHECK(history.ops[3].completed == kNever);
  CHECK(history.ops[3].complete_event == kNone);
  CHECK(history.values.text(history.ops[4].value) == R"({"b":[1,2.5]})");
}

TEST_CASE("header and index may be missing", "[check]") {
  const TempFile file(R"({"time":1,"process":0,"type":"invoke","f":"write","value":3}
{"time":2,"process":0,"type":"ok"}
)");
  const auto history = read_history(file.path());
  REQUIRE(history.ok());
  CHECK(history->initial == kAbsent);
  REQUIRE(history->ops.size() == 1);
  CHECK(history->ops[0].invoke_event == 0);
  CHECK(history->ops[0].complete_event == 1);
  const auto lines = read_events(file.path(), {1});
  REQUIRE(lines.ok());
  REQUIRE(lines->size() == 1);
  CHECK(lines->front() == R"({"index":1,"time":2,"process":0,"type":"ok"})");

  ReadOptions options;
  options.initial = "3";
  const auto with = read_history(file.path(), options);
  REQUIRE(with.ok());
  CHECK(with->initial == with->ops[0].value);
}

TEST_CASE("a torn last line is a warning", "[check]") {
  const std::string whole = kHeader +
                            R"({"index":0,"time":10,"process":1,"type":"invoke","f":"read"})"
                            "\n";
  const std::string torn = R"({"index":1,"time":12,"process":1,"type":"ok","f":"read","value":3})";
  for (std::size_t cut = 1; cut < torn.size(); ++cut) {
    const TempFile file(whole + torn.substr(0, cut));
    const auto history = read_history(file.path());
    INFO(cut);
    REQUIRE(history.ok());
    CHECK(history->events == 1);
    REQUIRE(history->warnings.size() == 1);
    CHECK(history->warnings[0] == file.path() + ":3: torn last line, skipped");
  }
  const TempFile file(whole + torn);  // only the newline is missing
  CHECK(read_history(file.path())->warnings.empty());
  CHECK(read_history(file.path())->events == 2);
  const TempFile empty("");
  REQUIRE(read_history(empty.path()).ok());
  CHECK(read_history(empty.path())->ops.empty());
}

TEST_CASE("what makes no sense is refused with its line", "[check]") {
  const std::string invoke = R"({"time":10,"process":1,"type":"invoke","f":"write","value":1})"
                             "\n";
  const auto says = [](const std::string& text, const std::string& part) {
    const std::string message = refusal(text);
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
  };
  says(invoke + "nonsense\n", "FILE:2: expected one JSON object");
  says("[1,2]\n", "FILE:1: this is no history that sunder knows; say --format, one of: jsonl,");
  says("{\"type\":1]\n", "FILE:1: expected one JSON object");
  says(invoke + invoke, "FILE:2: process 1 invokes an operation while its last one is open");
  says(R"({"time":1,"process":4,"type":"ok","f":"read","value":1})"
       "\n",
       "FILE:1: a completion (\"ok\") of process 4");
  says(invoke + R"({"time":9,"process":1,"type":"ok","f":"write"})"
                "\n",
       "FILE:2: process 1 ends at 9, before it began at 10");
  says(invoke +
           R"({"time":11,"process":1,"type":"ok"})"
           "\n" +
           invoke,
       "FILE:3: process 1 goes back in time");
  says(R"({"time":"soon","process":1,"type":"invoke","f":"read"})"
       "\n",
       "FILE:1: \"time\" must be a whole number");
  says(R"({"time":1.5,"process":1,"type":"invoke","f":"read"})"
       "\n",
       "FILE:1: \"time\" must be a whole number");
  says(R"({"process":1,"type":"invoke","f":"read"})"
       "\n",
       "has no \"time\"");
  says(R"({"time":1,"type":"invoke","f":"read"})"
       "\n",
       "has no \"process\"");
  says(R"({"time":1,"process":1,"f":"read"})"
       "\n",
       "has no \"type\"");
  says(R"({"time":1,"process":1,"type":"begin","f":"read"})"
       "\n",
       "\"type\" must be");
  says(R"({"time":1,"process":1,"type":"invoke"})"
       "\n",
       "has no \"f\"");
  says(R"({"index":-1,"time":1,"process":1,"type":"invoke","f":"read"})"
       "\n",
       "\"index\" must be");
  says(R"({"time":1,"process":1,"type":"invoke","f":"write"})"
       "\n",
       "must have its \"value\"");
  says(R"({"time":1,"process":1,"type":"invoke","f":"cas","value":3})"
       "\n",
       "[old, new]");
  says(invoke + R"({"time":11,"process":1,"type":"ok","f":"read","value":1})"
                "\n",
       "FILE:2: process 1 completes a read, but invoked a write");
  says(R"({"time":1,"process":1,"type":"invoke","f":"read"})"
       "\n"
       R"({"time":2,"process":1,"type":"ok","f":"read"})"
       "\n",
       "FILE:2: an ok read must have its \"value\"");
  says(invoke + kHeader, "FILE:2: a header stands only in the first line");
  says(R"({"sunder":2})"
       "\n",
       "FILE:1: the header says another format");
  says(R"({"index":3,"time":1,"process":1,"type":"invoke","f":"read"})"
       "\n"
       R"({"index":3,"time":2,"process":1,"type":"ok","f":"read","value":1})"
       "\n",
       "the index 3 stands twice");
  CHECK(read_history("/nowhere/history.jsonl").error().code == ErrorCode::not_found);
}

TEST_CASE("a process that goes on after an info is warned of, once", "[check]") {
  std::string text;
  for (int i = 0; i < 3; ++i) {
    const std::string time = std::to_string(i);
    text += R"({"time":)" + time +
            R"(,"process":1,"type":"invoke","f":"write","value":1})"
            "\n";
    text += R"({"time":)" + time +
            R"(,"process":1,"type":"info","f":"write"})"
            "\n";
  }
  const TempFile file(text);
  const auto history = read_history(file.path());
  REQUIRE(history.ok());
  CHECK(history->warnings.size() == 1);
  CHECK(history->ops.size() == 3);
}

TEST_CASE("lines longer than the reader's buffer", "[check]") {
  const std::string big(700'000, 'x');
  const TempFile file(R"({"time":1,"process":1,"type":"invoke","f":"write","value":")" + big +
                      "\"}\n"
                      R"({"time":2,"process":1,"type":"ok","f":"write"})"
                      "\n");
  const auto history = read_history(file.path());
  REQUIRE(history.ok());
  CHECK(history->values.text(history->ops[0].value).size() == big.size() + 2);
  CHECK(read_events(file.path(), {0, 1})->size() == 2);
}

TEST_CASE("transactions keep their micro-operations, and the completion's reads win", "[check]") {
  const std::string head = R"({"sunder":1,"t0":0,"clock":"shared","initial":null,"nodes":["n1"]})"
                           "\n";
  const std::string invoke =
      R"({"index":0,"time":1,"process":0,"type":"invoke","f":"txn","value":[["r",1,null],["append",1,3]]})"
      "\n";
  const TempFile file(
      head + invoke +
      R"({"index":1,"time":2,"process":0,"type":"ok","f":"txn","value":[["r",1,[1,2]],["append",1,3]]})"
      "\n");
  const auto history = read_history(file.path());
  REQUIRE(history.ok());
  const Op& op = history->ops.at(0);
  CHECK(op.kind == OpKind::txn);
  const auto micros = history->txn(op.txn);
  REQUIRE(micros.size() == 2);
  CHECK(micros[0].f == Micro::F::read);
  CHECK(history->values.text(micros[0].value) == "[1,2]");
  CHECK(history->keys.at(micros[0].key) == "1");
  CHECK(micros[1].f == Micro::F::append);
  CHECK(history->values.text(micros[1].value) == "3");

  const TempFile other(
      head + invoke +
      R"({"index":1,"time":2,"process":0,"type":"ok","f":"txn","value":[["r",1,[1,2]],["append",1,4]]})"
      "\n");
  const auto refused = read_history(other.path());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().text().find(":3") != std::string::npos);
}

TEST_CASE("the initial value is inferred for registers only", "[check]") {
  // A counter's reads show sums that nobody wrote; taken for an initial value they would make a legal history fail.
  const TempFile counter(
      "{:process 0, :type :invoke, :f :add, :value 2, :time 1}\n"
      "{:process 0, :type :ok, :f :add, :value 2, :time 2}\n"
      "{:process 1, :type :invoke, :f :read, :value nil, :time 3}\n"
      "{:process 1, :type :ok, :f :read, :value 2, :time 4}\n");
  const auto sums = read_history(counter.path());
  REQUIRE(sums.ok());
  CHECK(sums->initial == kAbsent);
  const TempFile plain(
      "{:process 1, :type :invoke, :f :read, :value nil, :time 3}\n"
      "{:process 1, :type :ok, :f :read, :value 7, :time 4}\n");
  const auto value = read_history(plain.path());
  REQUIRE(value.ok());
  CHECK(value->values.text(value->initial) == "7");
}

TEST_CASE("a transaction's value out of nothing is not the initial one", "[check]") {
  const auto read = [](const std::string& text) {
    const TempFile file(text);
    auto history = read_history(file.path());
    REQUIRE(history.ok());
    return std::move(*history);
  };
  const std::string head =
      "{:type :invoke, :f :txn, :value [[:w :x 2]], :process 0}\n"
      "{:type :ok, :f :txn, :value [[:w :x 2]], :process 0}\n";
  const History thin = read(head +
                            "{:type :invoke, :f :txn, :value [[:r :x nil]], :process 0}\n"
                            "{:type :ok, :f :txn, :value [[:r :x 3]], :process 0}\n");
  CHECK(thin.initial == kAbsent);
  static const std::vector<FaultWindow> none;
  const CheckResult result = find_check("read-committed")->run({thin, Budget{}, none, 1, ""});
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.text.find("nobody") != std::string::npos);
  // Before anybody wrote the key, it was there from the start.
  const History first = read(
      "{:type :invoke, :f :txn, :value [[:r :x nil]], :process 0}\n"
      "{:type :ok, :f :txn, :value [[:r :x 7]], :process 0}\n" +
      head);
  CHECK(first.values.text(first.initial) == "7");
}
