// junit.xml and the escaping that it shares with the report.
#include "harness/report/escape.hpp"
#include "harness/results.hpp"
#include "tests/harness/times.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using sunder::harness::test::times;

namespace {

check::CheckResult result(const char* name, check::Verdict verdict, const char* text) {
  check::CheckResult c;
  c.name = name;
  c.verdict = verdict;
  c.text = text;
  return c;
}

}  // namespace

TEST_CASE("junit: fail is a failure, unknown is an error, never skipped") {
  RunResults r;
  r.suite = "etcd";
  r.verdict = check::Verdict::fail;
  r.duration = 35'042 * kMillisecond;
  r.checks = {result("linearizable", check::Verdict::fail, "a stale read"),
              result("recovery", check::Verdict::pass, "fine"),
              result("availability", check::Verdict::unknown, "interrupted")};
  const std::string xml = junit_xml(r);
  CHECK(times(xml, "<testcase ") == 3);
  CHECK(times(xml, "<failure ") == 1);
  CHECK(times(xml, "<error ") == 1);
  CHECK(times(xml, "skipped") == 0);
  CHECK(xml.find("<testsuite name=\"etcd\" tests=\"3\" failures=\"1\" errors=\"1\" "
                 "time=\"35.042\">") != std::string::npos);
  CHECK(xml.rfind("<?xml version=\"1.0\"", 0) == 0);
}

TEST_CASE("junit: a run that is worse than its checks is a case itself") {
  RunResults r;
  r.suite = "etcd";
  r.verdict = check::Verdict::unknown;
  r.reason = "vacuous.fault";
  r.checks = {result("linearizable", check::Verdict::pass, "fine")};
  const std::string xml = junit_xml(r);
  CHECK(times(xml, "<testcase ") == 2);
  CHECK(xml.find("type=\"vacuous.fault\"") != std::string::npos);
  r.checks.clear();  // nothing checked must not be green
  CHECK(times(junit_xml(r), "<error ") == 1);
}

TEST_CASE("junit: texts can't break out of the markup") {
  RunResults r;
  r.suite = "a\"b<c>&'";
  r.verdict = check::Verdict::fail;
  r.checks = {result("x", check::Verdict::fail, "</failure><evil a=\"1\">]]>\x01\xFF")};
  const std::string xml = junit_xml(r);
  CHECK(times(xml, "<evil") == 0);
  CHECK(times(xml, "]]>") == 0);
  CHECK(xml.find('\x01') == std::string::npos);
  CHECK(xml.find('\xFF') == std::string::npos);
  CHECK(xml.find("a&quot;b&lt;c&gt;&amp;&#39;") != std::string::npos);
}

TEST_CASE("escape: UTF-8 passes, what is not UTF-8 is replaced") {
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(escape_markup("grün → ✓ 𝄞\n") == "grün → ✓ 𝄞\n");
  CHECK(escape_markup("\xC0\xAF") == bad + bad);            // longer than needed
  CHECK(escape_markup("\xED\xA0\x80") == bad + bad + bad);  // a surrogate
  CHECK(escape_markup("\xE2\x82") == bad + bad);            // cut short
  CHECK(escape_markup(std::string_view("a\0b", 3)) == "a" + bad + "b");
  CHECK(escape_markup("\xEF\xBF\xBF") == bad + bad + bad);  // U+FFFF is no character of XML
  CHECK(clean_text("<\xFF>") == "<" + bad + ">");
  CHECK(shorten("abc", 3) == "abc");
  CHECK(shorten("abcd", 3) == "ab…");
  CHECK(shorten("äöüß", 3) == "äö…");
}
