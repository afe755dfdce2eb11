// `sunder check` as a command: exit codes, and what is printed for people and for scripts.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cli/command.hpp"
#include "tests/support/catch.hpp"

namespace sunder::cli {
extern const Command check_command;
}  // namespace sunder::cli

using namespace sunder;
using namespace sunder::cli;
namespace fs = std::filesystem;

namespace {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

std::string rewound(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char buffer[4096];
  std::size_t n = 0;
  while ((n = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, n);
  std::fclose(file);
  return text;
}

/// Runs `sunder check` with its output caught in temporary files.
Outcome run_check(const std::vector<std::string>& words) {
  ::unsetenv("GITHUB_ACTIONS");  // the tests may run there themselves
  std::fflush(stdout);
  std::fflush(stderr);
  std::FILE* files[] = {std::tmpfile(), std::tmpfile()};
  const int kept[] = {::dup(1), ::dup(2)};
  for (int i = 0; i < 2; ++i) ::dup2(::fileno(files[i]), i + 1);
  Outcome outcome;
  outcome.code = check_command.run(words);
  std::fflush(stdout);
  std::fflush(stderr);
  for (int i = 0; i < 2; ++i) {
    ::dup2(kept[i], i + 1);
    ::close(kept[i]);
  }
  outcome.out = rewound(files[0]);
  outcome.err = rewound(files[1]);
  return outcome;
}

/// A folder that is gone with the object.
struct Folder {
  Folder() {
    char name[] = "/tmp/sunder-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
  fs::path path;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string op(int process, const std::string& f, const std::string& asked,
               const std::string& answered, int time, const std::string& node) {
  const std::string head = R"(,"process":)" + std::to_string(process) + R"(,"f":")" + f +
                           R"(","key":"k1","node":")" + node + R"(","value":)";
  return R"({"type":"invoke","time":)" + std::to_string(time) + head + asked + "}\n" +
         R"({"type":"ok","time":)" + std::to_string(time + 5) + head + answered + "}\n";
}

std::string good() {
  return op(1, "write", "1", "1", 10, "n1") + op(2, "read", "null", "1", 20, "n2");
}
std::string stale() {
  return good() + op(1, "write", "2", "2", 30, "n1") + op(2, "read", "null", "1", 40, "n2");
}

}  // namespace

TEST_CASE("check: exit codes and their precedence", "[cli]") {
  const Folder folder;
  const std::string pass = folder.write("pass.jsonl", good());
  const std::string fail = folder.write("fail.jsonl", stale());
  const std::string vacuous = folder.write("vacuous.jsonl", op(1, "read", "null", "null", 1, "n1"));
  const std::string broken = folder.write("broken.jsonl", good() + "nonsense\n");
  CHECK(run_check({pass}).code == 0);
  CHECK(run_check({fail}).code == 1);
  CHECK(run_check({vacuous}).code == 3);
  CHECK(run_check({broken}).code == 2);
  CHECK(run_check({folder.path / "none.jsonl"}).code == 2);
  CHECK(run_check({pass, vacuous}).code == 3);
  CHECK(run_check({pass, vacuous, broken}).code == 2);
  CHECK(run_check({pass, vacuous, broken, fail}).code == 1);
  CHECK(run_check({}).code == 2);
  CHECK(run_check({pass, "--check", "eventual"}).code == 2);
  CHECK(run_check({pass, "--timeout", "5"}).code == 2);
  CHECK(run_check({pass, "--memory", "lots"}).code == 2);
  CHECK(run_check({"--help"}).code == 0);
}

TEST_CASE("check: what people read", "[cli]") {
  const Folder folder;
  const std::string fail = folder.write("fail.jsonl", stale());
  const Outcome outcome = run_check({fail});
  CHECK(has(outcome.out, fail + ": fail linearizable\n"));
  CHECK(has(outcome.out, "n2 answered a read of k1 with 1 at 0.000 s"));
  CHECK(has(outcome.out, "Gibbons-Korach zones"));
  CHECK(has(outcome.out, "write 2  ok"));
  CHECK_FALSE(has(outcome.out, "\033"));  // no colour on a file
  const Outcome broken = run_check({folder.write("broken.jsonl", good() + "nonsense\n")});
  CHECK(has(broken.err, "broken.jsonl:5: expected one JSON object a line"));
  const Outcome torn = run_check({folder.write("torn.jsonl", good() + "{\"type\":\"inv")});
  CHECK(torn.code == 0);
  CHECK(has(torn.err, "torn.jsonl:5: torn last line, skipped"));
}

TEST_CASE("check: what scripts read", "[cli]") {
  const Folder folder;
  const std::string pass = folder.write("pass.jsonl", good());
  const std::string fail = folder.write("fail.jsonl", stale());
  const Outcome outcome = run_check({pass, fail, "--json"});
  CHECK(outcome.code == 1);
  const auto line = outcome.out.find('\n');
  const std::string first = outcome.out.substr(0, line);
  const std::string second = outcome.out.substr(line + 1);
  CHECK(
      has(first, "{\"file\":\"" + pass + R"(","verdict":"pass","reason":null,"ops":2,"seconds":)"));
  CHECK(has(first, R"("checks":[{"name":"linearizable","verdict":"pass","reason":null,)"));
  CHECK(has(first, R"("keys":{"pass":1,"fail":0,"unknown":0}}]})"));
  CHECK(has(second, R"("verdict":"fail","reason":null,"ops":4)"));
  CHECK(has(second, R"("key":"k1","witness":[{"index":0,"type":"invoke","time":10,)"));
  CHECK(has(run_check({folder.write("b.jsonl", "nonsense\n"), "--json"}).out,
            R"("verdict":"unknown","reason":"input","ops":0)"));
}

TEST_CASE("check: initial values and other data types", "[cli]") {
  const Folder folder;
  const std::string file = folder.write("h.jsonl", op(1, "read", "null", "5", 1, "n1") +
                                                       op(1, "write", "6", "6", 10, "n1") +
                                                       op(1, "read", "null", "6", 20, "n1"));
  CHECK(run_check({file}).code == 1);
  CHECK(run_check({file, "--init", "absent"}).code == 1);
  CHECK(run_check({file, "--init", "5"}).code == 0);
  const Outcome other =
      run_check({folder.write("odd.jsonl", op(1, "frobnicate", "5", "5", 1, "n1")), "--json"});
  CHECK(other.code == 3);
  CHECK(has(other.out, R"("reason":"input")"));
  CHECK(has(other.out, R"("checks":[])"));
}

TEST_CASE("check: a run folder, with its fault windows and availability", "[cli]") {
  const Folder folder;
  folder.write("history.jsonl", good());
  folder.write("events.jsonl",
               R"({"index":0,"time":12,"event":"partition","name":"p1","kind":"drop",)"
               R"("pairs":[["n1","n2"],["n2","n1"]],"asked_at":11,"in_force_at":12})"
               "\n");
  const Outcome outcome =
      run_check({folder.path.string(), "--check", "linearizable,availability", "--json"});
  CHECK(outcome.code == 0);
  CHECK(has(outcome.out, R"("power":1,"power_inside":1,"power_across":1,)"));
  CHECK(has(outcome.out, R"("name":"availability","verdict":"pass")"));
  CHECK(has(outcome.out, R"("availability":[{"fault":"","from":10,)"));
  CHECK(run_check({folder.path.string(), "--check", "availability"}).code == 0);
}

TEST_CASE("check: histories of other tools, by content or by name", "[cli]") {
  const Folder folder;
  const std::string edn = folder.write("whatever",
                                       "{:type :invoke, :process 0, :f :write, :value 1}\n"
                                       "{:type :ok, :process 0, :f :write, :value 1}\n"
                                       "{:type :invoke, :process 1, :f :read, :value nil}\n"
                                       "{:type :ok, :process 1, :f :read, :value nil}\n");
  CHECK(run_check({edn}).code == 3);  // a nil read is unknown: nothing was observed
  CHECK(run_check({edn, "--nil", "absent"}).code == 1);
  CHECK(run_check({edn, "--format", "edn", "--nil", "absent"}).code == 1);
  CHECK(run_check({edn, "--format", "jsonl"}).code == 2);
  CHECK(run_check({edn, "--format", "xml"}).code == 2);
  CHECK(run_check({edn, "--nil", "zero"}).code == 2);
  CHECK(run_check({edn, "--failed-cas", "maybe"}).code == 2);
  const Outcome fail = run_check({edn, "--nil", "absent", "--json"});
  CHECK(
      has(fail.out, R"("witness":[{"index":0,"time":0,"process":0,"type":"invoke","f":"write",)"));
  const Outcome none = run_check({folder.write("prose", "Call me Ishmael.\n")});
  CHECK(none.code == 2);
  CHECK(has(none.err, "prose:1: "));
}

TEST_CASE("check: histories are written again as JSON Lines and EDN", "[cli]") {
  const Folder folder;
  const std::string file = folder.write("h.jsonl", stale());
  const Outcome edn = run_check({file, "--convert", "edn"});
  CHECK(edn.code == 0);
  CHECK(has(edn.out,
            R"({:index 0, :time 10, :type :invoke, :process 1, :f :write, :value ["k1" 1])"));
  const std::string copy = folder.write("h.edn", edn.out);
  CHECK(run_check({copy}).code == 1);
  const Outcome back = run_check({copy, "--convert", "jsonl"});
  CHECK(run_check({folder.write("back.jsonl", back.out)}).code == 1);
  CHECK(run_check({file, "--convert", "pdf"}).code == 2);
  CHECK(run_check({file, file, "--convert", "edn"}).code == 2);
  CHECK(run_check({file, "--convert", "edn", "--ladder"}).code == 2);
}

TEST_CASE("check: the ladder names the strongest model that is not refuted", "[cli]") {
  const Folder folder;
  const std::string file = folder.write("h.jsonl", stale());
  const Outcome text = run_check({file, "--ladder"});
  CHECK(text.code == 1);
  CHECK(has(text.out, "fail linearizable"));
  CHECK(has(text.out, "sequential"));
  const Outcome json = run_check({file, "--ladder", "--json"});
  CHECK(has(json.out, R"("ladder":{"strongest":)"));
  CHECK(has(json.out, R"("name":"read-your-writes")"));
  CHECK(run_check({file, "--ladder", "--check", "session"}).code == 2);
}

TEST_CASE("check: limits end a judgement as unknown, with their reason", "[cli]") {
  const Folder folder;
  const std::string file = folder.write("h.jsonl", stale());
  const Outcome time = run_check({file, "--timeout", "0s", "--json"});
  CHECK(time.code == 3);
  CHECK(has(time.out, R"("verdict":"unknown","reason":"budget.time")"));
  const Outcome memory = run_check({file, "--memory", "16B", "--json"});
  CHECK(memory.code == 3);
  CHECK(has(memory.out, R"("verdict":"unknown","reason":"budget.memory")"));
  CHECK(memory.err.find("--memory") != std::string::npos);
}
