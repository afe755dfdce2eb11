// Public histories of other tools, where they are present beside the project: every file is read, and every verdict on
// linearizability is as its authors list it (VERDICTS.tsv). SUNDER_HISTORIES names the folder; by default it is
// ../shared/histories.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "check/check_kind.hpp"
#include "tests/support/catch.hpp"

namespace sunder::check {
namespace {

namespace fs = std::filesystem;

fs::path folder() {
  const char* named = std::getenv("SUNDER_HISTORIES");
  return named != nullptr ? fs::path(named) : fs::path(SUNDER_SOURCE_DIR) / "../shared/histories";
}

struct Row {
  std::string path, model, format, property, expected;
};

std::vector<Row> rows() {
  std::vector<Row> out;
  std::ifstream in(folder() / "VERDICTS.tsv");
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream columns(line);
    Row row;
    for (auto* field : {&row.path, &row.model, &row.format, &row.property, &row.expected}) {
      std::getline(columns, *field, '\t');
    }
    if (fs::exists(folder() / row.path)) out.push_back(row);
  }
  return out;
}

}  // namespace

TEST_CASE("public histories: every file is read", "[check][public]") {
  if (!fs::exists(folder())) {
    WARN("skipped: no public histories beside the project");
    return;
  }
  int read = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder())) {
    const auto ext = entry.path().extension();
    const bool text = ext == ".txt" && entry.path().filename() != "README.txt";
    if (!entry.is_regular_file() || !(ext == ".edn" || ext == ".json" || ext == ".log" || text))
      continue;
    CAPTURE(entry.path().string());
    const auto history = read_history(entry.path().string());
    if (!history.ok()) UNSCOPED_INFO(history.error().text());
    CHECK(history.ok());
    ++read;
  }
  WARN(read << " public histories read");
  CHECK(read > 100);
}

TEST_CASE("public histories: verdicts on linearizability as listed", "[check][public]") {
  if (!fs::exists(folder())) {
    WARN("skipped: no public histories beside the project");
    return;
  }
  int agreed = 0;
  for (const Row& row : rows()) {
    if (row.property != "linearizable") continue;
    CAPTURE(row.path, row.model, row.expected);
    const auto history = read_history((folder() / row.path).string());
    REQUIRE(history.ok());
    static const std::vector<FaultWindow> none;
    const CheckInput input{*history, Budget{}, none, 1, ""};
    const CheckResult result = find_check("linearizable")->run(input);
    // Two files have not one acknowledged operation: they prove nothing either way.
    if (row.path.ends_with("rollback-.edn") || row.path.ends_with("rollback-11.edn")) {
      CHECK(result.reason == "vacuous.no_power");
      continue;
    }
    CHECK(result.verdict == (row.expected.rfind("true", 0) == 0 ? Verdict::pass : Verdict::fail));
    ++agreed;
  }
  WARN(agreed << " verdicts compared");
  CHECK(agreed > 100);
}

namespace {

// Which check decides a property of the list, and what it is expected to say.
struct Expected {
  const char* check;
  Verdict verdict;
};

std::vector<Expected> expected_of(const Row& row) {
  const auto said = [&](std::size_t part) {
    std::istringstream words(row.expected);
    std::string word;
    for (std::size_t i = 0; i <= part; ++i) std::getline(words, word, '/');
    return word.find("true") != std::string::npos ? Verdict::pass : Verdict::fail;
  };
  // A register that is read as 3, which nobody wrote: its authors let that pass.
  if (row.path.ends_with("rw-register.edn")) return {{"txn-causal", Verdict::fail}};
  // Not one read stands in it: nothing could be out of bounds.
  if (row.property == "bounds") return {{"set", Verdict::unknown}};
  if (row.property == "RC/RA/CC") {
    return {{"read-committed", said(0)}, {"read-atomic", said(1)}, {"txn-causal", said(2)}};
  }
  if (row.property == "snapshot-isolation / repeatable-read") {
    return {{"snapshot-isolation", Verdict::pass}, {"serializable", Verdict::fail}};
  }
  if (row.property == "final read complete") return {{"set", said(0)}};
  if (row.property == "total conserved") return {{"bank", said(0)}};
  if (row.property == "no long fork") return {{"long-fork", said(0)}};
  if (row.property == "serializable") return {{"serializable", said(0)}};
  if (row.property == "strict-serializable") return {{"strict-serializable", said(0)}};
  return {};
}

}  // namespace

TEST_CASE("public histories: verdicts on data types and transactions as listed",
          "[check][public]") {
  if (!fs::exists(folder())) {
    WARN("skipped: no public histories beside the project");
    return;
  }
  int agreed = 0;
  for (const Row& row : rows()) {
    const auto history = read_history((folder() / row.path).string());
    CAPTURE(row.path, row.property, row.expected);
    REQUIRE(history.ok());
    static const std::vector<FaultWindow> none;
    for (const Expected& expected : expected_of(row)) {
      CAPTURE(expected.check);
      const CheckKind* kind = find_check(expected.check);
      REQUIRE(kind != nullptr);
      REQUIRE(kind->applies(*history));
      const CheckResult result = kind->run({*history, Budget{}, none, 1, ""});
      CAPTURE(result.text, result.reason);
      CHECK(result.verdict == expected.verdict);
      ++agreed;
    }
  }
  WARN(agreed << " verdicts compared");
  CHECK(agreed > 60);
}

}  // namespace sunder::check
