// junit.xml: the verdicts of a run for a CI server; one test case a check.
//
// RunResults → **junit_xml** → junit.xml. The shape is the common one of Ant's JUnit task, as Jenkins, GitLab and GitHub
// actions read it. fail is <failure>, unknown is <error>; never <skipped>, which those servers count as green.
// Times: seconds. Thread: pure. Tested by tests/harness/junit_test.cpp.
#include <cstdio>

#include "harness/report/escape.hpp"
#include "harness/results.hpp"

namespace sunder::harness {
namespace {

using check::Verdict;

std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + escape_markup(value) + "\"";
}

// A check's body: nothing for a pass, else what went wrong.
std::string body_of(Verdict verdict, const std::string& type, const std::string& text,
                    const std::string& detail) {
  if (verdict == Verdict::pass) return "";
  const std::string tag = verdict == Verdict::fail ? "failure" : "error";
  return "    <" + tag + attribute("message", text) + attribute("type", type) + ">" +
         escape_markup(detail) + "</" + tag + ">\n";
}

std::string case_of(const RunResults& results, const check::CheckResult& c) {
  std::string detail = c.text + "\n";
  if (!c.method.empty()) detail += "method: " + c.method + "\n";
  detail += "power: " + std::to_string(c.power) + "\n";
  if (!c.key.empty()) detail += "first failing key: " + c.key + "\n";
  if (!c.witness.empty()) {
    detail += "witness: events";
    for (const auto index : c.witness) detail += " " + std::to_string(index);
    detail += " of history.jsonl\n";
  }
  detail += "seed: " + std::to_string(results.seed) + "\n";
  const std::string type = c.reason.empty() ? name_of(c.verdict) : c.reason;
  const std::string text = c.text.empty() ? std::string(name_of(c.verdict)) : c.text;
  return "  <testcase" + attribute("classname", "sunder." + results.suite) +
         attribute("name", c.name) + " time=\"0\">\n" + body_of(c.verdict, type, text, detail) +
         "  </testcase>\n";
}

}  // namespace

std::string junit_xml(const RunResults& results) {
  std::string cases;
  int failures = 0;
  int errors = 0;
  auto merged = Verdict::pass;
  for (const auto& c : results.checks) {
    cases += case_of(results, c);
    failures += c.verdict == Verdict::fail ? 1 : 0;
    errors += c.verdict == Verdict::unknown ? 1 : 0;
    merged = check::merge(merged, c.verdict);
  }
  auto tests = results.checks.size();
  // The run can be worse than its checks (interrupted, every fault vacuous, nothing checked): then
  // it is a case itself.
  if (merged != results.verdict || results.checks.empty()) {
    check::CheckResult run;
    run.name = "run";
    run.verdict = results.verdict;
    run.reason = results.reason;
    run.text = results.reason.empty() ? "the run as a whole" : "the run: " + results.reason;
    for (const auto& note : results.notes) run.text += "; " + note;
    cases += case_of(results, run);
    failures += run.verdict == Verdict::fail ? 1 : 0;
    errors += run.verdict == Verdict::unknown ? 1 : 0;
    ++tests;
  }
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%lld.%03lld",
                static_cast<long long>(results.duration / kSecond),
                static_cast<long long>(results.duration % kSecond / kMillisecond));
  const std::string counts =
      attribute("tests", std::to_string(tests)) + attribute("failures", std::to_string(failures)) +
      attribute("errors", std::to_string(errors)) + attribute("time", seconds);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + counts + ">\n<testsuite" +
         attribute("name", results.suite) + counts + ">\n  <properties>\n    <property" +
         attribute("name", "seed") + attribute("value", std::to_string(results.seed)) +
         "/>\n    <property" + attribute("name", "system") +
         attribute("value", results.system_name + " " + results.system_version) +
         "/>\n    <property" + attribute("name", "sunder") +
         attribute("value", results.sunder_version) + "/>\n  </properties>\n" + cases +
         "</testsuite>\n</testsuites>\n";
}

}  // namespace sunder::harness
