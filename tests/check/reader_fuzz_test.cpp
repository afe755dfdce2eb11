// Any bytes are a history or an error with its place: mutated files of every format, read as what they look like and as
// every other format. Bounded by time; the seed is printed. Sanitizers watch the rest.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "check/check_kind.hpp"
#include "check/readers/format.hpp"
#include "check/writers/writer.hpp"
#include "sunder/rng.hpp"
#include "sunder/time.hpp"
#include "tests/check/build.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::check;
using sunder::check::test::TempFile;

namespace {

// One small file of each format, with the shapes that occur in it.
const std::vector<std::string>& seeds() {
  static const std::vector<std::string> all{
      R"({"sunder":1,"t0":0,"clock":"shared","initial":null,"nodes":["n1"]}
{"index":0,"time":1,"process":0,"type":"invoke","f":"cas","key":"k1","value":[1,"a\u00e9\n"],"node":"n1"}
{"index":1,"time":2,"process":1,"type":"invoke","f":"txn","value":[["r",1,null],["append","x",3]]}
{"index":2,"time":3,"process":0,"type":"fail","f":"cas","key":"k1","value":[1,"a"],"error":{"class":"mismatch","observed":-7}}
{"index":3,"time":4,"process":1,"type":"ok","f":"txn","value":[["r",1,[1,{"b":2.5e3}]],["append","x",3]]}
{"index":4,"time":5,"process":0,"type":"invoke","f":"read","key":"k1","value":null,"intended":3}
{"index":5,"time":6,"process":0,"type":"info","f":"read","error":{"class":"timeout","text":"x"}}
)",
      R"({:index 0, :time 1, :type :invoke, :process 0, :f :write, :value [7 41]}
{:index 1, :time 2, :type :invoke, :process 1, :f :read, :value [7 nil]} ; a comment
{:index 2, :time 3, :type :ok, :process 1, :f :read, :value [7 41]}
{:index 3, :time 4, :type :info, :process 0, :f :write, :value [7 41], :error [:timeout "\"no\\"]}
{:index 4, :time 5, :type :info, :process :nemesis, :f :start, :value {"n1" #{"n2" "n3"}}}
#jepsen.history.Op{:index 5, :time 6, :type :invoke, :process 2, :f :cas, :value [7 [41 4N]]}
{#_ :x :index 6, :time 7, :type :fail, :process 2, :f :cas, :value [7 [41 \}]]}
)",
      R"([{:type :invoke :f :txn :value [[:r :x nil] [:w "y" 2]] :process 0}
 {:type :ok :f :txn :value [[:r :x (1 2)] [:w "y" 2]] :process 0}
 {:type :invoke, :f :read, :process 1, :value {0 10, 1 -3}}
 {:type :ok, :f :read, :process 1, :value {0 10, 1 #{3}}}])",
      R"([{"index":0,"type":"invoke","process":2,"f":"txn","value":[["r","x",null],["append","y",5]]},
 {"index":1,"type":"ok","process":2,"f":"txn","value":[["r","x",[1,3]],["append","y",5]]},
 {"type":"info","process":"nemesis","f":"kill","value":null,"index":2}])",
      R"({:process 9, :type :invoke, :f :append, :key "0", :value "x 9 0 y"}
{:process 8, :type :invoke, :f :get, :key "0", :value nil}
{:process 9, :type :ok, :f :append, :key "0", :value "x 9 0 y"}
{:process 8, :type :ok, :f :get, :key "0", :value "x 9 0 y"}
)",
      "INFO  jepsen.util - 4\t:invoke\t:read\tnil\nINFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]\n"
      "INFO  jepsen.util - 4   :ok   :read   3\nINFO  jepsen.util - 1\t:info\t:cas\t:timed-out\n",
      "w 0 0\nr 1 1\n-----\nw 1 1\n=====\nr 0 0\n-----\nr 1 -4\n",
  };
  return all;
}

// Pieces that parsers trip over.
constexpr const char* kPieces[] = {
    "{",
    "}",
    "[",
    "]",
    "(",
    "\"",
    "\\",
    "#",
    "#_",
    "#{",
    ":",
    ";",
    ",",
    "\n",
    "nil",
    "-",
    "99999999999999999999",
    "1e999",
    "\xff\xfe",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "=====",
    "-----",
    "\"type\":\"ok\"",
    ":type :ok",
    ":process -1"};

std::string mutated(Rng& rng) {
  std::string text = seeds()[rng.below(seeds().size())];
  for (std::uint64_t edits = rng.below(6); edits > 0 && !text.empty(); --edits) {
    const std::size_t at = rng.below(text.size());
    const std::size_t length = std::min<std::size_t>(1 + rng.below(40), text.size() - at);
    switch (rng.below(7)) {
      case 0: text[at] = static_cast<char>(rng.below(256)); break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(at, text.substr(rng.below(text.size()), length)); break;
      case 3: text.insert(at, kPieces[rng.below(std::size(kPieces))]); break;
      case 4: text.resize(at); break;
      case 5: text.insert(at, std::string(1, '\0')); break;
      default: text += seeds()[rng.below(seeds().size())];
    }
  }
  return text;
}

// What every reader promises of a history that it returns; the first promise that is broken, or nothing.
const char* broken_promise(const History& history) {
  const auto known = [&](ValueId id) { return id < history.values.size(); };
  for (const Op& op : history.ops) {
    if (op.completed < op.invoked) return "an operation ends before it begins";
    if (op.outcome == EventType::invoke) return "an outcome is no outcome";
    if (op.key != kNone && op.key >= history.keys.size()) return "no such key";
    if (!known(op.value) || !known(op.old) || !known(op.observed)) return "no such value";
    if ((op.kind == OpKind::txn) != (op.txn != kNone)) return "a transaction without parts";
    if (op.txn == kNone) continue;
    for (const Micro& micro : history.txn(op.txn)) {
      if (micro.key >= history.keys.size() || !known(micro.value)) return "a part without value";
    }
  }
  if (!known(history.initial)) return "no such initial value";
  // What was read can be written, in every format.
  std::string out;
  for (const Writer* writer : all_writers()) {
    writer->begin(out, history);
    for (const Op& op : history.ops) {
      writer->event(out, {history, op, false});
      if (op.complete_event != kNone) writer->event(out, {history, op, true});
    }
  }
  return "";
}

}  // namespace

TEST_CASE("the seeds of the reader test are histories of their formats", "[check][fuzz]") {
  const char* formats[] = {"jsonl", "edn", "edn", "elle-json", "porcupine-kv", "etcd-log", "awdit"};
  for (std::size_t i = 0; i < seeds().size(); ++i) {
    const TempFile file(seeds()[i]);
    const auto history = read_history(file.path());
    INFO((history.ok() ? seeds()[i] : history.error().text()));
    REQUIRE(history.ok());
    CHECK(history->format == formats[i]);
    CHECK(history->ops.size() >= 1);
    CHECK(broken_promise(*history) == std::string());
  }
}

TEST_CASE("mutated files are histories or errors with their place", "[check][fuzz]") {
  const std::uint64_t seed = static_cast<std::uint64_t>(monotonic_clock().now());
  CAPTURE(seed);
  Rng rng(seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(6);
  std::uint64_t files = 0;
  std::uint64_t histories = 0;
  while (files < 20'000 && std::chrono::steady_clock::now() < end) {
    const std::string text = mutated(rng);
    const TempFile file(text);
    ReadOptions options;
    if (rng.chance(0.3)) options.format = all_formats()[rng.below(all_formats().size())]->name;
    const auto history = read_history(file.path(), options);
    ++files;
    if (!history.ok()) {
      if (history.error().text().find(file.path()) == std::string::npos) {
        FAIL("an error without its place: " << history.error().text() << "\n" << text);
      }
      continue;
    }
    ++histories;
    if (const std::string broken = broken_promise(*history); !broken.empty()) {
      FAIL(broken << ", seed " << seed << ", file " << files << ":\n" << text);
    }
  }
  WARN("seed " << seed << ": " << files << " files, " << histories << " of them histories");
  CHECK(files > 200);
  CHECK(histories > 10);
}
