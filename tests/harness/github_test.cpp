// What GitHub Actions is told: exact lines, for GitHub drops what it can't read without a word.
#include "harness/report/github.hpp"

#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using check::CheckResult;
using check::Verdict;

namespace {

CheckResult checked(const char* name, Verdict verdict, const char* reason, const char* text) {
  CheckResult out;
  out.name = name;
  out.verdict = verdict;
  out.reason = reason;
  out.text = text;
  return out;
}

std::string commands(const std::vector<Annotation>& annotations) {
  std::string out;
  for (const Annotation& one : annotations) out += workflow_command(one);
  return out;
}

RunResults results() {
  RunResults out;
  out.suite = "etcd";
  out.verdict = Verdict::fail;
  out.seed = 7;
  out.system_name = "etcd";
  out.system_version = "3.4.23";
  out.nodes = {"n1", "n2", "n3"};
  out.ops = 1234;
  out.duration = 35'042 * kMillisecond;
  out.faults.resize(1);
  out.checks = {checked("linearizable", Verdict::fail, "", "n1 read 3 | after 4"),
                checked("recovery", Verdict::pass, "", "fine"),
                checked("nemesis", Verdict::unknown, "vacuous.fault", "No fault met anything.")};
  return out;
}

}  // namespace

TEST_CASE("github: a command has its properties in order, and escapes what would end them") {
  Annotation all{Annotation::Level::error, "a,b:c%.toml", 12, "one: two, 100 %", "x: 5 %,\r\ny"};
  CHECK(workflow_command(all) ==
        "::error file=a%2Cb%3Ac%25.toml,line=12,title=one%3A two%2C 100 %25::x: 5 %25,%0D%0Ay\n");
  all.file.clear();  // a line of no file means nothing
  CHECK(workflow_command(all) == "::error title=one%3A two%2C 100 %25::x: 5 %25,%0D%0Ay\n");
  CHECK(workflow_command({Annotation::Level::warning, "", 0, "", "m"}) == "::warning::m\n");
  CHECK(workflow_command({Annotation::Level::warning, "s.toml", 0, "", "m"}) ==
        "::warning file=s.toml::m\n");
}

TEST_CASE(
    "github: failed checks are errors at their tables, unknown ones warnings, passes nothing") {
  CHECK(
      commands(annotations_of(results(), {"suites/etcd.toml", {{"linearizable", 30}}, "seed 7"})) ==
      "::error file=suites/etcd.toml,line=30,title=sunder%3A linearizable fail::n1 read 3 | after "
      "4%0Aseed 7\n"
      "::warning file=suites/etcd.toml,title=sunder%3A nemesis unknown (vacuous.fault)::No fault "
      "met anything.%0Aseed 7\n");
  CHECK(annotations_of({checked("a", Verdict::pass, "", "")}, AnnotatedFile{"s"}).empty());
}

TEST_CASE("github: a run that is worse than its checks is a warning by itself") {
  RunResults cut = results();
  cut.checks = {checked("linearizable", Verdict::pass, "", "so far")};
  cut.verdict = Verdict::unknown;
  cut.reason = "budget.time";
  cut.notes = {"The budget of 1m was used up (faults).", "Two."};
  CHECK(commands(annotations_of(cut, {"s.toml"})) ==
        "::warning file=s.toml,title=sunder%3A the run is unknown (budget.time)::The budget of 1m "
        "was used up (faults). Two.\n");
  // It ran out, and a check failed: both are told.
  cut.checks[0].verdict = Verdict::fail;
  cut.verdict = Verdict::fail;
  cut.budget.ran_out = "faults";
  CHECK(annotations_of(cut, {"s.toml"}).size() == 2);
  cut.checks.clear();
  cut.notes.clear();
  cut.verdict = Verdict::unknown;
  cut.reason.clear();
  CHECK(commands(annotations_of(cut, {""})) ==
        "::warning title=sunder%3A the run is unknown::unknown\n");
}

TEST_CASE("github: mistakes in a suite stand at their line, other errors have none") {
  const Error mistake{ErrorCode::invalid, "there is no key \"foo\"", "/r/ci/s.toml:12:3"};
  CHECK(workflow_command(annotation_of(mistake, "sunder run")) ==
        "::error file=/r/ci/s.toml,line=12,title=sunder run::there is no key \"foo\"\n");
  const Error missing{ErrorCode::unavailable, "etcd is not installed", "", ""};
  CHECK(workflow_command(annotation_of(missing, "sunder run")) ==
        "::error title=sunder run::etcd is not installed\n");
  const Error field{ErrorCode::invalid, "no such node", "groups[0][1]"};
  CHECK(workflow_command(annotation_of(field, "sunder run")) ==
        "::error title=sunder run::groups[0][1]: no such node\n");
}

TEST_CASE("github: paths are as the repository has them") {
  CHECK(path_in("/r", "/r/a/b.toml") == "a/b.toml");
  CHECK(path_in("/r/", "/r/b.toml") == "b.toml");
  CHECK(path_in("/r", "/rest/b.toml") == "/rest/b.toml");
  CHECK(path_in("", "/b.toml") == "/b.toml");
}

TEST_CASE("github: the summary has the checks, what was run, and how to repeat it") {
  RunResults run = results();
  run.notes = {"a <b> & c"};
  run.lost_writes.resize(1);
  CHECK(markdown_run(run, "suites/etcd.toml", "runs/ci") ==
        "### sunder run etcd: fail\n"
        "\n"
        "| check | verdict | what was found |\n"
        "|---|---|---|\n"
        "| linearizable | fail | n1 read 3 \\| after 4 |\n"
        "| recovery | pass | fine |\n"
        "| nemesis | unknown (vacuous.fault) | No fault met anything. |\n"
        "\n"
        "etcd 3.4.23, 3 nodes, 1234 operations in 35.0 s, 1 fault.\n"
        "\n"
        "- 1 acknowledged write absent after the last heal\n"
        "- a \\<b\\> &amp; c\n"
        "\n"
        "Run folder: runs/ci. The same decisions again:\n"
        "\n"
        "    sunder run suites/etcd.toml --seed 7\n"
        "\n");
  CHECK(markdown_checks("h.jsonl", Verdict::unknown, "input", {}) ==
        "### h.jsonl: unknown (input)\n\n");
  CHECK(markdown_code("a\n  b|\n\n") == "    a\n      b|\n\n");
  CHECK(markdown_text("a\nb|c_d") == "a b\\|c\\_d");
}
