// Server and client over real HTTP on loopback: the round trip, malformed input, a port in use, web pages, bounds.
#include "control/server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "sunder/client.hpp"
#include "tests/control/served.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::control;
using namespace sunder::control::testing;
using nlohmann::json;

namespace {

/// Sends bytes as they are and reads until the server closes. RETURNS all that came.
std::string raw(int port, const std::string& bytes) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "";
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string post(const std::string& path, const std::string& body, const std::string& more = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

int status_of(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

}  // namespace

TEST_CASE("every call of the client reaches the switchboard and comes back whole") {
  Served served;
  Client client(served.server->url());
  auto request = cut({{"n1"}, {"n2", "n3"}}, CutKind::drop, "split");
  request.lease = 60 * kSecond;
  const auto made = client.partition(request);
  REQUIRE(made.ok());
  CHECK(made->name == "split");
  CHECK(made->epoch == 1);
  CHECK(made->pairs.size() == 4);
  served.filter.counted.cut[{kN1, kN2}] = 9;
  const auto rules = client.rules();
  REQUIRE(rules.ok());
  REQUIRE(rules->size() == 1);
  CHECK((*rules)[0].touched.packets == 9);

  FaultSpec fault;
  fault.name = "slow";
  fault.kind = "delay";
  fault.pairs = {{"n1", "*"}};
  fault.params = {{"delay", "5ms"}};
  fault.probability = 0.25;
  REQUIRE(client.add_fault(fault).ok());
  CHECK(served.proxy.in_force->rules[1].probability == 0.25);
  CHECK(client.remove_fault("slow").ok());
  CHECK(client.remove_fault("slow").error().id == "unknown_name");
  CHECK(client.set_node_down("n3", true).ok());
  CHECK(served.filter.rules.down.size() == 1);
  CHECK(client.note("leader", {{"node", "n1"}}).ok());

  const auto healed = client.heal({"split"}, false);
  REQUIRE(healed.ok());
  REQUIRE(healed->removed.size() == 1);
  CHECK(healed->removed[0].touched.packets == 9);
  CHECK(healed->removed[0].healed_at == healed->in_force_at);
  const auto again = client.partition(cut({{"n1", "n8"}}, CutKind::drop));
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().code == ErrorCode::not_found);
  CHECK(again.error().where == "groups[0][1]");
  CHECK(again.error().id == "unknown_node");
  const auto events = client.get("/v1/events?since=5");
  REQUIRE(events.ok());
  CHECK(json::parse(*events)["events"].size() == 1);
}

TEST_CASE("nobody there, or no address at all, is unreachable") {
  int port = 0;
  {
    auto server = std::move(ApiServer::bind("127.0.0.1", 0)).value();
    port = server->port();
  }
  CHECK(Client("http://127.0.0.1:" + std::to_string(port)).rules().error().id == "unreachable");
  CHECK(Client("https://127.0.0.1").rules().error().id == "unreachable");
  CHECK(Client("nonsense").rules().error().id == "unreachable");
  CHECK(Client("").rules().error().id == "unreachable");
}

TEST_CASE("a port in use is said, and only loopback is served") {
  auto first = ApiServer::bind("127.0.0.1", 0);
  REQUIRE(first.ok());
  const auto second = ApiServer::bind("127.0.0.1", (*first)->port());
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::unavailable);
  CHECK(second.error().id == "port_in_use");
  CHECK(ApiServer::bind("0.0.0.0", 0).error().code == ErrorCode::unsupported);
  CHECK(ApiServer::bind("example", 0).error().code == ErrorCode::invalid);
  CHECK(ApiServer::bind("127.0.0.1", 70000).error().code == ErrorCode::invalid);
}

TEST_CASE("a server that was bound and never started goes away") {
  auto server = std::move(ApiServer::bind("127.0.0.1", 0)).value();
  server->stop();
  server->stop();
}

TEST_CASE("web pages are refused") {
  Served served;
  for (const char* header : {"Origin: http://evil.example\r\n", "Sec-Fetch-Mode: cors\r\n",
                             "sec-fetch-site: none\r\n", "User-Agent: Mozilla/5.0 (X11)\r\n"}) {
    CAPTURE(header);
    const auto answer = raw(served.server->port(), post("/v1/heal", "{}", header));
    CHECK(status_of(answer) == 403);
    CHECK(answer.find("\"web_page\"") != std::string::npos);
  }
  const auto curl = raw(served.server->port(), post("/v1/heal", "{}", "User-Agent: curl/7\r\n"));
  CHECK(status_of(curl) == 200);
}

TEST_CASE("malformed requests get an answer at once and change nothing") {
  Served served;
  const int port = served.server->port();
  const auto start = std::chrono::steady_clock::now();
  // curl -X POST sends no length at all
  CHECK(status_of(raw(port, "POST /v1/heal HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 200);
  CHECK(status_of(raw(port, post("/v1/partition", "{nonsense"))) == 400);
  CHECK(status_of(raw(port, post("/v1/none", "{}"))) == 404);
  CHECK(status_of(raw(port, "PUT /v1/heal HTTP/1.1\r\nContent-Length: 0\r\n\r\n")) == 405);
  CHECK(status_of(raw(port, "OPTIONS /v1/heal HTTP/1.1\r\n\r\n")) == 405);
  CHECK(status_of(raw(port, "GET /v1/%ff%00 HTTP/1.1\r\n\r\n")) == 404);
  CHECK(status_of(raw(port, "GARBAGE\r\n\r\n")) == 400);
  const auto form =
      post("/v1/partition", "groups=n1", "Content-Type: application/x-www-form-urlencoded\r\n");
  CHECK(status_of(raw(port, form)) == 400);
  CHECK(status_of(raw(port, post("/v1/partition", "--b--",
                                 "Content-Type: multipart/form-data; boundary=b\r\n"))) == 415);
  // as curl -d does it: a form by its header, JSON by its body
  CHECK(status_of(raw(port, post("/v1/heal", R"({"all":true})",
                                 "Content-Type: application/x-www-form-urlencoded\r\n"))) == 200);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(4));
  CHECK(served.calls.empty());
}

TEST_CASE("an answer is whole, whatever range is asked for") {
  Served served;
  const auto answer = raw(served.server->port(), post("/v1/heal", "{}", "Range: bytes=0-1\r\n"));
  CHECK(status_of(answer) == 200);
  CHECK(json::parse(answer.substr(answer.find("\r\n\r\n"))).is_object());
}

TEST_CASE("bodies are bounded, with and without a length") {
  Served served;
  const std::string big((1U << 20) + 10, ' ');
  CHECK(status_of(raw(served.server->port(), post("/v1/heal", big))) == 413);
  std::string chunked = "POST /v1/heal HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) chunked += "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
  chunked += "0\r\n\r\n";
  CHECK(status_of(raw(served.server->port(), chunked)) == 413);
  CHECK(served.calls.empty());
  CHECK(Client(served.server->url()).rules().ok());
}

TEST_CASE("two servers serve one switchboard, and many clients at once get answers") {
  Served served;
  auto second = std::move(ApiServer::bind("127.0.0.1", 0)).value();
  second->start(*served.board);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&, t] {
      Client client(t % 2 == 0 ? served.server->url() : second->url());
      for (int i = 0; i < 10; ++i) good += client.get("/v1/status").ok() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 120);
  second->stop();
}

TEST_CASE("signals do not end the server") {
  Served served;
  std::signal(SIGUSR1, [](int) {});
  for (int i = 0; i < 20; ++i) ::kill(::getpid(), SIGUSR1);
  CHECK(Client(served.server->url()).get("/v1/status").ok());
  std::signal(SIGUSR1, SIG_DFL);
}
