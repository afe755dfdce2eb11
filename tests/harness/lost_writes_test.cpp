// Lost writes: what is claimed, and above all what is not.
#include "harness/lost_writes.hpp"

#include <fstream>

#include "harness/report/parts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

// A history by its events; times in seconds. p1 cuts n1 off from 10 s to 20 s.
class Story {
 public:
  Story() {
    lines_ =
        "{\"sunder\":1,\"t0\":0,\"wall\":\"\",\"clock\":\"shared\",\"initial\":null,\"seed\":1,"
        "\"suite\":\"s\",\"nodes\":[\"n1\",\"n2\",\"n3\"]}\n";
  }
  // Each operation is a process of its own.
  Story& op(int asked, int done, const std::string& f, const std::string& in,
            const std::string& type, const std::string& out, int node) {
    line(asked, "invoke", f, in, node);
    line(done, type, f, out, node);
    ++process_;
    return *this;
  }
  Story& write(int asked, const std::string& value, int node, const std::string& type = "ok") {
    return op(asked, asked + 1, "write", value, type, value, node);
  }
  Story& reads(int asked, const std::string& value) {
    for (int node = 1; node <= 3; ++node) op(asked, asked + 1, "read", "null", "ok", value, node);
    return *this;
  }
  std::vector<LostWrite> lost(bool healed = true) {
    const ::test::TempDir dir;
    std::ofstream(dir.path() + "/history.jsonl") << lines_;
    const auto history = check::read_history(dir.path() + "/history.jsonl");
    if (!history) FAIL(history.error().text());
    const Nanos to = healed ? 20 * kSecond : check::kNever;
    return lost_writes(*history,
                       {{"p1", "drop", 10 * kSecond, to, {}, false, {{"n2", "n3"}, {"n1"}}}});
  }

 private:
  void line(int at, const std::string& type, const std::string& f, const std::string& value,
            int node) {
    lines_ += "{\"index\":" + std::to_string(index_++) + ",\"time\":" + std::to_string(at) +
              "000000000,\"process\":" + std::to_string(process_) + ",\"type\":\"" + type +
              "\",\"f\":\"" + f + "\"" + (f == "txn" ? "" : ",\"key\":\"k\"") +
              ",\"value\":" + value + ",\"node\":\"n" + std::to_string(node) + "\"}\n";
  }
  std::string lines_;
  int index_ = 0;
  int process_ = 0;
};

}  // namespace

TEST_CASE("lost writes: a register that shows an older value at every node", "[lost]") {
  const auto lost = Story().write(1, "1", 2).write(12, "2", 1).reads(30, "1").lost();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].op == "write");
  CHECK(lost[0].key == "k");
  CHECK(lost[0].value == "2");
  CHECK(lost[0].node == "n1");
  CHECK(lost[0].side == "isolated");
  CHECK(lost[0].fault == "p1");
  CHECK(lost[0].process == 1);
  CHECK(lost[0].asked_at == 12 * kSecond);
  CHECK(lost[0].acknowledged_at == 13 * kSecond);
  CHECK(lost[0].reads == 3);
  // The initial value is older than every write.
  CHECK(Story().write(12, "2", 1).reads(30, "null").lost().size() == 1);
}

TEST_CASE("lost writes: a register proves nothing where another order fits", "[lost]") {
  // It is there; it was replaced by a later write, by one at the same time, or by one that may have happened.
  CHECK(Story().write(1, "1", 2).write(12, "2", 1).reads(30, "2").lost().empty());
  CHECK(Story().write(12, "2", 1).write(22, "3", 2).reads(30, "3").lost().empty());
  CHECK(Story()
            .op(11, 14, "write", "3", "ok", "3", 2)
            .write(12, "2", 1)
            .reads(30, "3")
            .lost()
            .empty());
  CHECK(Story().write(1, "1", 2, "info").write(12, "2", 1).reads(30, "1").lost().empty());
  // Nobody wrote what is read; the write was not acknowledged; it surely failed.
  CHECK(Story().write(12, "2", 1).reads(30, "9").lost().empty());
  CHECK(Story().write(1, "1", 2).write(12, "2", 1, "info").reads(30, "1").lost().empty());
  CHECK(Story().write(1, "1", 2).write(12, "2", 1, "fail").reads(30, "1").lost().empty());
}

TEST_CASE("lost writes: stale answers are no loss", "[lost]") {
  // Read before the heal only; one read of many shows it; one node says nothing after the heal.
  CHECK(Story().write(1, "1", 2).write(12, "2", 1).reads(15, "1").lost().empty());
  CHECK(Story().write(1, "1", 2).write(12, "2", 1).reads(25, "1").reads(30, "2").lost().empty());
  CHECK(Story()
            .reads(1, "null")
            .write(3, "1", 2)
            .write(12, "2", 1)
            .op(30, 31, "read", "null", "ok", "1", 2)
            .op(30, 31, "read", "null", "ok", "1", 3)
            .lost()
            .empty());
  // A read that was asked before the acknowledgement says nothing of it.
  CHECK(Story()
            .op(1, 2, "write", "1", "ok", "1", 2)
            .op(29, 40, "write", "2", "ok", "2", 1)
            .reads(30, "1")
            .lost()
            .empty());
  // The cut never healed.
  CHECK(Story().write(1, "1", 2).write(12, "2", 1).reads(30, "1").lost(false).empty());
}

TEST_CASE("lost writes: elements of sets and lists", "[lost]") {
  const auto add = [](Story& story, int at, const char* value) {
    story.op(at, at + 1, "add", value, "ok", value, 1);
  };
  Story set;
  add(set, 2, "1");
  add(set, 12, "2");
  add(set, 14, "3");
  set.reads(30, "[1,3]");
  const auto lost = set.lost();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].op == "add");
  CHECK(lost[0].value == "2");
  Story removed;
  add(removed, 12, "2");
  removed.op(22, 23, "remove", "2", "info", "2", 2).reads(30, "[]");
  CHECK(removed.lost().empty());

  const auto txn = [](Story& story, int at, const char* asked, const char* told, int node) {
    story.op(at, at + 1, "txn", asked, "ok", told, node);
  };
  Story list;
  txn(list, 2, R"([["append","x",1]])", R"([["append","x",1]])", 2);
  txn(list, 12, R"([["append","x",2],["append","y",5]])", R"([["append","x",2],["append","y",5]])",
      1);
  for (int node = 1; node <= 3; ++node) {
    txn(list, 30, R"([["r","x",null]])", R"([["r","x",[1]]])", node);
  }
  const auto gone = list.lost();
  REQUIRE(gone.size() == 1);  // of y nobody was asked
  CHECK(gone[0].op == "append");
  CHECK(gone[0].key == "x");
  CHECK(gone[0].value == "2");
  CHECK(gone[0].side == "isolated");
}

TEST_CASE("lost writes: the report tells who, when and where, or has no such section", "[lost]") {
  report::ReportData data;
  CHECK(report::lost_section(data).empty());
  data.results.lost_writes = Story().write(1, "1", 2).write(12, "2", 1).reads(30, "1").lost();
  const std::string html = report::lost_section(data);
  CHECK(html.find("1 write was acknowledged, and no read after the last heal shows it") !=
        std::string::npos);
  CHECK(html.find("p1, isolated") != std::string::npos);
  CHECK(html.find("13.000 s") != std::string::npos);
}
