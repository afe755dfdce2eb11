// exec clients: the lines of the protocol, and the client with real programs: the example in Python, and ones that end,
// are silent or talk nonsense, started by a real launcher (without namespaces) in a forked child.
#include <csignal>
#include <nlohmann/json.hpp>

#include "harness/exec_lines.hpp"
#include "harness/launcher/launcher.hpp"
#include "harness/program_host.hpp"
#include "tests/harness/in_child.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::exec_client_test {

using namespace test;
using check::OpKind;
using Json = nlohmann::json;

namespace {

OpRequest request(OpKind kind, std::int64_t value = 7) {
  OpRequest out;
  out.kind = kind;
  out.key = "k1";
  if (kind != OpKind::read) out.value = value;
  if (kind == OpKind::cas) out.expected = 3;
  return out;
}

// Programs through the launcher, as the supervisor starts them, without its namespaces.
class Host final : public ProgramHost {
 public:
  explicit Host(Launcher& launcher) : launcher_(launcher) {}
  Result<std::int64_t> start_program(const ProgramSpec& spec) override {
    ++starts;
    LaunchSpec launch;
    launch.id = launcher_.new_id();
    launch.argv = spec.argv;
    launch.env = {"PATH=/usr/bin:/bin"};
    launch.stdio = {spec.input, spec.output, 2};
    auto launched = launcher_.launch(launch);
    if (!launched.ok()) return std::move(launched).error();
    if (!launched->started()) return Error{ErrorCode::unavailable, "no such program"};
    return launch.id;
  }
  void end_program(std::int64_t id) override {
    ++ends;
    static_cast<void>(launcher_.signal(id, SIGKILL));
  }
  int starts = 0;
  int ends = 0;

 private:
  Launcher& launcher_;
};

struct Session {
  std::unique_ptr<Launcher> launcher;
  std::unique_ptr<Host> host;
  std::unique_ptr<DbClient> client;
};

Session session(std::vector<std::string> command, Nanos timeout) {
  Session out;
  auto launcher = Launcher::start(Launcher::Walls::none);
  if (!launcher.ok()) return out;
  out.launcher = std::move(*launcher);
  out.host = std::make_unique<Host>(*out.launcher);
  auto client = make_client("exec");
  if (!client.ok()) return out;
  out.client = std::move(*client);
  ClientTarget target;
  target.node = {0x0A4D000B, 9042};
  target.source = 0x0A4D0065;
  target.name = "c1";
  target.timeout = timeout;
  target.command = std::move(command);
  target.programs = out.host.get();
  out.client->open(target);
  return out;
}

bool is(const Outcome& out, EventType type, OpErrorClass error) {
  return out.type == type && out.error == error;
}

// A program that answers the hello and then does `script` for each further line.
std::vector<std::string> shell(const std::string& script) {
  return {"sh", "-c", "read hello; echo '{\"hello\":1}'; while read line; do " + script + "; done"};
}

}  // namespace

TEST_CASE("exec: the lines that sunder says") {
  ClientTarget target;
  target.node = {0x0A4D000B, 9042};
  target.source = 0x0A4D0065;
  target.name = "c1";
  target.timeout = 2 * kSecond;
  target.options = {{"consistency", "ONE"}};
  const Json hello = Json::parse(exec_hello(target));
  CHECK(hello == Json::parse(R"({"hello":1,"client":"c1","host":"10.77.0.11","port":9042,
      "source":"10.77.0.101","timeout_ms":1800,"reads":"linearizable","options":{"consistency":"ONE"}})"));
  CHECK(exec_hello(target).back() == '\n');
  CHECK(Json::parse(exec_request(4, request(OpKind::read))) ==
        Json::parse(R"({"id":4,"f":"read","key":"k1","value":null})"));
  CHECK(Json::parse(exec_request(5, request(OpKind::write))) ==
        Json::parse(R"({"id":5,"f":"write","key":"k1","value":7})"));
  CHECK(Json::parse(exec_request(6, request(OpKind::cas))) ==
        Json::parse(R"({"id":6,"f":"cas","key":"k1","value":[3,7]})"));
  OpRequest create = request(OpKind::cas);
  create.expected.reset();
  CHECK(Json::parse(exec_request(6, create)).at("value") == Json::parse("[null,7]"));
}

TEST_CASE("exec: the table of outcomes") {
  const auto read = [](const char* line) { return exec_outcome(request(OpKind::read), line); };
  const auto write = [](const char* line) { return exec_outcome(request(OpKind::write), line); };
  CHECK(read(R"({"id":1,"type":"ok","value":42})").value == 42);
  CHECK(is(read(R"({"id":1,"type":"ok","value":null})"), EventType::ok, OpErrorClass::none));
  CHECK(read(R"({"id":1,"type":"ok","value":[1,2]})").list == std::vector<std::int64_t>{1, 2});
  CHECK(is(read(R"({"id":1,"type":"ok","value":"x"})"), EventType::fail, OpErrorClass::reset));
  CHECK(is(read(R"({"id":1,"type":"ok"})"), EventType::fail, OpErrorClass::reset));
  CHECK(is(write(R"({"id":1,"type":"ok"})"), EventType::ok, OpErrorClass::none));
  CHECK(is(write(R"({"id":1,"type":"maybe"})"), EventType::info, OpErrorClass::reset));
  CHECK(is(write(R"({"id":1,"type":"fail"})"), EventType::fail, OpErrorClass::definite));
  CHECK(is(write(R"({"id":1,"type":"info"})"), EventType::info, OpErrorClass::reset));
  const struct {
    const char* word;
    EventType write;
    OpErrorClass error;
  } classes[] = {{"not-sent", EventType::fail, OpErrorClass::not_sent},
                 {"refused", EventType::fail, OpErrorClass::refused},
                 {"definite", EventType::fail, OpErrorClass::definite},
                 {"mismatch", EventType::fail, OpErrorClass::mismatch},
                 {"timeout", EventType::info, OpErrorClass::timeout},
                 {"reset", EventType::info, OpErrorClass::reset},
                 {"nonsense", EventType::info, OpErrorClass::reset}};
  for (const auto& c : classes) {
    CAPTURE(c.word);
    const std::string line =
        std::string(R"({"id":1,"type":"fail","error":{"class":")") + c.word + R"(","text":"t"}})";
    CHECK(is(write(line.c_str()), c.write, c.error));
    CHECK(is(read(line.c_str()), EventType::fail, c.error));
    CHECK(write(line.c_str()).text == "t");
  }
  const Outcome seen = exec_outcome(
      request(OpKind::cas), R"({"id":1,"type":"fail","error":{"class":"mismatch"},"observed":9})");
  CHECK(seen.has_observed);
  CHECK(seen.observed == 9);
  CHECK(exec_line(R"({"hello":1})").kind == ExecLine::Kind::hello);
  CHECK(exec_line(R"({"hello":2})").kind == ExecLine::Kind::broken);
  CHECK(exec_line(R"({"id":"1"})").kind == ExecLine::Kind::broken);
  CHECK(exec_line("[1]").kind == ExecLine::Kind::broken);
  CHECK(exec_line("").kind == ExecLine::Kind::broken);
}

TEST_CASE("exec: the example in Python, a process per client, ended by close") {
  std::string why;
  if (!single_threaded(why)) {
    WARN(why);
    return;
  }
  CHECK(in_child([] {
          Session s =
              session({"python3", SUNDER_SOURCE_DIR "/examples/clients/memory.py"}, 10 * kSecond);
          NEED(s.client != nullptr, "session");
          NEED(s.host->starts == 1, "open starts it");
          NEED(is(s.client->invoke(request(OpKind::write, 3)), EventType::ok, OpErrorClass::none),
               "write");
          NEED(s.client->invoke(request(OpKind::read)).value == 3, "read");
          NEED(is(s.client->invoke(request(OpKind::cas)), EventType::ok, OpErrorClass::none),
               "cas");
          const Outcome again = s.client->invoke(request(OpKind::cas));
          NEED(is(again, EventType::fail, OpErrorClass::mismatch) && again.observed == 7,
               "second cas");
          NEED(is(s.client->invoke(request(OpKind::add)), EventType::fail, OpErrorClass::definite),
               "add");
          NEED(!s.client->view().ok(), "it knows no leader");
          NEED(s.host->starts == 1, "one process for all");
          s.client->close();
          NEED(s.host->ends == 1, "ended");
          return std::string{};
        }) == "");
}

TEST_CASE("exec: programs that end, are silent or talk nonsense") {
  std::string why;
  if (!single_threaded(why)) {
    WARN(why);
    return;
  }
  const struct {
    const char* script;
    OpErrorClass error;
  } cases[] = {{"exit 3", OpErrorClass::reset},
               {"echo nonsense", OpErrorClass::reset},
               {"echo '{\"id\":77,\"type\":\"ok\"}'", OpErrorClass::reset},
               {"sleep 30", OpErrorClass::timeout}};
  for (const auto& c : cases) {
    CAPTURE(c.script);
    CHECK(in_child([&c] {
            Session s = session(shell(c.script), 2 * kSecond);
            NEED(s.client != nullptr, "session");
            NEED(is(s.client->invoke(request(OpKind::write)), EventType::info, c.error), "write");
            NEED(s.host->ends == 1, "killed");
            ::poll(nullptr, 0, 250);
            NEED(is(s.client->invoke(request(OpKind::read)), EventType::fail, c.error), "read");
            NEED(s.host->starts == 2, "a new process for the next operation");
            return std::string{};
          }) == "");
  }
}

TEST_CASE("exec: late answers to earlier requests are left out, no program is not-sent") {
  std::string why;
  if (!single_threaded(why)) {
    WARN(why);
    return;
  }
  CHECK(in_child([] {
          Session s = session(shell("n=$((n+1)); echo '{\"id\":0,\"type\":\"ok\"}'; echo "
                                    "\"{\\\"id\\\":$n,\\\"type\\\":\\\"ok\\\"}\""),
                              10 * kSecond);
          NEED(s.client != nullptr, "session");
          NEED(is(s.client->invoke(request(OpKind::write)), EventType::ok, OpErrorClass::none),
               "first");
          NEED(is(s.client->invoke(request(OpKind::write)), EventType::ok, OpErrorClass::none),
               "second");
          return std::string{};
        }) == "");
  CHECK(in_child([] {
          Session s = session({"/does/not/exist"}, kSecond);
          NEED(s.client != nullptr, "session");
          NEED(
              is(s.client->invoke(request(OpKind::write)), EventType::fail, OpErrorClass::not_sent),
              "write");
          NEED(s.host->starts <= 2, "not started again at once");
          return std::string{};
        }) == "");
}

}  // namespace sunder::harness::exec_client_test
