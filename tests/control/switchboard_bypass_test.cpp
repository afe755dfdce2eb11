// Processes of nodes, the connections between them that go around the proxy, and the hold that this
// proxy can't do: what the Switchboard says of each. Real processes, and a real proxy for the hold.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "control/api.hpp"
#include "proxy/sockets.hpp"
#include "tests/control/rig.hpp"
#include "tests/support/child.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;
using sunder::test::Child;

namespace {

UniqueFd listening() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const proxy::Address own(IpPort{INADDR_LOOPBACK, 0});
  REQUIRE(::bind(fd.get(), own.get(), own.size) == 0);
  REQUIRE(::listen(fd.get(), 4) == 0);
  return fd;
}

/// A switchboard that knows processes, over a proxy that is told to do nothing.
struct Watching {
  std::vector<std::string> calls;
  RecordingProxy proxy{&calls};
  std::unique_ptr<EventLog> events = std::move(EventLog::open("")).value();
  std::unique_ptr<Switchboard> board;

  Watching() {
    SwitchboardOptions options;
    options.topology = three_nodes();
    options.proxy = &proxy;
    options.mode = "explicit";
    options.events = events.get();
    options.processes = std::make_shared<proxy::NodeProcesses>();
    board = std::make_unique<Switchboard>(std::move(options));
  }
  ApiAnswer post(const std::string& path, const std::string& body) const {
    ApiRequest request;
    request.method = "POST";
    request.path = path;
    request.body = body;
    return handle(*board, request, nullptr);
  }
};

template <class Ready>
bool within_4s(Ready ready) {
  for (int i = 0; i < 200; ++i) {
    if (ready()) return true;
    ::poll(nullptr, 0, 20);
  }
  return ready();
}

}  // namespace

TEST_CASE("a node's processes are told through the API, and shown", "[bypass]") {
  const Watching rig;
  CHECK(rig.post("/v1/nodes/n1/pids", R"({"pids":[12,34]})").body ==
        R"({"node":"n1","pids":[12,34]})");
  CHECK(rig.board->status().nodes[0].pids == std::vector<int>{12, 34});
  CHECK(rig.events->since(0).lines.back().find(R"("kind":"pids","pids":[12,34])") !=
        std::string::npos);
  CHECK(rig.post("/v1/nodes/n1/pids", R"({"pids":[]})").status == 200);
  CHECK(rig.board->status().nodes[0].pids.empty());

  const auto refused = [&](const char* path, const char* body, const char* field) {
    CAPTURE(path, body);
    const ApiAnswer answer = rig.post(path, body);
    CHECK(answer.status >= 400);
    CHECK(answer.body.find(std::string("\"field\":\"") + field + "\"") != std::string::npos);
  };
  refused("/v1/nodes/n9/pids", R"({"pids":[12]})", "node");
  refused("/v1/nodes/n1/pids", R"({})", "pids");
  refused("/v1/nodes/n1/pids", R"({"pids":[12,0]})", "pids[1]");
  refused("/v1/nodes/n1/pids", R"({"pids":[-4]})", "pids[0]");
  refused("/v1/nodes/n1/pids", R"({"pids":["12"]})", "pids[0]");
  refused("/v1/nodes/n1/pids", R"({"pids":[99999999999]})", "pids[0]");
  CHECK_FALSE(rig.board->set_node_pids("n1", std::vector<int>(65, 1)).ok());
  CHECK(rig.board->status().nodes[0].pids.empty());
}

TEST_CASE("where the network knows the nodes, processes are refused", "[bypass]") {
  const Rig rig;
  const Status done = rig.board->set_node_pids("n1", {1});
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().code == ErrorCode::unsupported);
}

TEST_CASE("a connection around the proxy is an event once, and a note while it is open",
          "[bypass]") {
  const UniqueFd door = listening();
  const proxy::Address where = proxy::own_of(door.get());
  Child n1([&](int pipe) {
    ::close(door.get());  // inherited: it would listen there too
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    Child::say(pipe, ::connect(fd, where.get(), where.size));
    Child::heard(pipe);
    ::close(fd);
    Child::say(pipe, 0);
  });
  REQUIRE(n1.told() == 0);
  const UniqueFd accepted(::accept4(door.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(accepted.valid());

  const Watching rig;
  REQUIRE(rig.board->set_node_pids("n1", {n1.pid()}).ok());
  REQUIRE(rig.board->set_node_pids("n2", {::getpid()}).ok());
  REQUIRE(within_4s([&] { return rig.board->status().bypasses.size() == 1; }));
  const StatusReport status = rig.board->status();
  const BypassLine& line = status.bypasses[0];
  CHECK(line.pair == Pair{"n1", "n2"});
  CHECK(line.from_pid == n1.pid());
  CHECK(line.to_pid == ::getpid());
  CHECK(line.destination == to_string(where));
  REQUIRE_FALSE(status.notes.empty());
  CHECK(status.notes.back().find("n1:n2 goes around the proxy") != std::string::npos);

  n1.tell(0);
  REQUIRE(n1.told() == 0);
  CHECK(within_4s([&] { return rig.board->status().bypasses.empty(); }));
  std::size_t events = 0;
  for (const std::string& text : rig.events->since(0).lines) {
    if (text.find(R"("event":"bypass")") == std::string::npos) continue;
    ++events;
    CHECK(text.find(R"("pairs":[["n1","n2"]])") != std::string::npos);
  }
  CHECK(events == 1);
}

TEST_CASE("a hold that can't stop new connections is refused with the reason", "[bypass]") {
  proxy::ProxyOptions proxy_options;
  proxy_options.topology = three_nodes();
  proxy::ListenerSpec shared;
  shared.fd = listening();
  shared.destination = 1;  // n2, from everywhere
  shared.upstream = {INADDR_LOOPBACK, 9};
  proxy_options.listeners.push_back(std::move(shared));
  const auto proxy = std::move(proxy::Proxy::start(std::move(proxy_options))).value();
  const auto events = std::move(EventLog::open("")).value();
  SwitchboardOptions options;
  options.topology = three_nodes();
  options.proxy = proxy.get();
  options.events = events.get();
  Switchboard board(std::move(options));

  const auto refused = board.partition(cut({{"n1"}, {"n2"}}, CutKind::hold));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::unsupported);
  CHECK(refused.error().id == "hold_unsupported");
  CHECK(refused.error().message.find("n1:n2: hold can't be done here") == 0);
  CHECK(board.rules().value().empty());
  CHECK(board.partition(cut({{"n1"}, {"n3"}}, CutKind::hold)).ok());
  CHECK(board.partition(cut({{"n1"}, {"n2"}}, CutKind::reset)).ok());
  CHECK(board.shutdown().ok());
  proxy->stop();
}
