// The adapter of the reference nodes against a peer that says what the test wants: every answer has its exact outcome.
// Against real nodes: examples/embedded.toml, tests/nodes/tcp_test.cpp (the same lines).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "base/fd.hpp"
#include "harness/client.hpp"
#include "tests/support/catch.hpp"

namespace sunder::harness::embedded_client_test {

using check::OpKind;

namespace {

// Takes one connection, reads one line, says one thing, and closes. Empty: says nothing for a while.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer, int silent_ms = 0)
      : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
    REQUIRE(::listen(listener_.get(), 4) == 0);
    socklen_t size = sizeof name;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this, answer = std::move(answer), silent_ms] {
      const UniqueFd fd(::accept(listener_.get(), nullptr, nullptr));
      char c = 0;
      while (::recv(fd.get(), &c, 1, 0) == 1 && c != '\n') asked += c;
      if (silent_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(silent_ms));
      (void)!::send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    });
  }
  ~OneAnswer() { join(); }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] IpPort address() const { return {INADDR_LOOPBACK, port_}; }

  std::string asked;  // after join

 private:
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::unique_ptr<DbClient> client_for(IpPort node) {
  auto client = make_client("embedded-quorum");
  REQUIRE(client.ok());
  ClientTarget target;
  target.node = node;
  target.timeout = 300 * kMillisecond;
  (*client)->open(target);
  return std::move(*client);
}

OpRequest request(OpKind kind) {
  OpRequest out;
  out.kind = kind;
  out.key = "k1";
  if (kind != OpKind::read) out.value = 7;
  if (kind == OpKind::cas) out.expected = 3;
  return out;
}

struct Case {
  const char* answer;
  OpKind kind;
  EventType type;
  OpErrorClass error;
};

}  // namespace

TEST_CASE("embedded client: every answer has its outcome") {
  const Case cases[] = {
      {"{\"type\":\"ok\",\"value\":7}\n", OpKind::read, EventType::ok, OpErrorClass::none},
      {"{\"type\":\"ok\"}\n", OpKind::write, EventType::ok, OpErrorClass::none},
      {"{\"type\":\"fail\",\"error\":\"mismatch\",\"observed\":5}\n", OpKind::cas, EventType::fail,
       OpErrorClass::mismatch},
      {"{\"type\":\"fail\",\"error\":\"definite\",\"text\":\"no\"}\n", OpKind::write,
       EventType::fail, OpErrorClass::definite},
      {"{\"type\":\"info\",\"text\":\"?\"}\n", OpKind::write, EventType::info,
       OpErrorClass::timeout},
      {"{\"type\":\"info\",\"text\":\"?\"}\n", OpKind::read, EventType::fail,
       OpErrorClass::timeout},
      {"gibberish\n", OpKind::write, EventType::info, OpErrorClass::reset},
      {"", OpKind::write, EventType::info, OpErrorClass::reset},
      {"", OpKind::read, EventType::fail, OpErrorClass::reset},
  };
  for (const Case& c : cases) {
    CAPTURE(c.answer, check::name_of(c.kind));
    OneAnswer node(c.answer);
    const Outcome outcome = client_for(node.address())->invoke(request(c.kind));
    CHECK((outcome.type == c.type));
    CHECK((outcome.error == c.error));
    if (c.error == OpErrorClass::mismatch)
      CHECK(outcome.observed == std::optional<std::int64_t>(5));
    if (c.type == EventType::ok && c.kind == OpKind::read) {
      CHECK(outcome.value == std::optional<std::int64_t>(7));
    }
  }
}

TEST_CASE("embedded client: what is asked, no answer in time, nobody there") {
  {
    OneAnswer node("{\"type\":\"ok\"}\n");
    CHECK((client_for(node.address())->invoke(request(OpKind::cas)).type == EventType::ok));
    node.join();
    CHECK(node.asked == R"({"f":"cas","key":"k1","value":[3,7]})");
  }
  IpPort gone;
  {
    OneAnswer node("{\"type\":\"ok\"}\n", 600);
    gone = node.address();
    const Outcome late = client_for(node.address())->invoke(request(OpKind::write));
    CHECK((late.type == EventType::info));
    CHECK((late.error == OpErrorClass::timeout));
  }
  const Outcome refused = client_for(gone)->invoke(request(OpKind::write));
  CHECK((refused.type == EventType::fail));
  CHECK((refused.error == OpErrorClass::refused));
}

TEST_CASE("embedded client: sets are read as lists, counters as numbers") {
  for (const char* answer : {"[3,1,2]", "[]", "12"}) {
    OneAnswer node(std::string("{\"type\":\"ok\",\"value\":") + answer + "}\n");
    const Outcome read = client_for(node.address())->invoke(request(OpKind::read));
    CHECK((read.type == EventType::ok));
    const bool number = answer[0] != '[';
    CHECK(read.value.has_value() == number);
    REQUIRE(read.list.has_value() != number);
    if (!number) CHECK(read.list->size() == (answer[1] == ']' ? 0U : 3U));
  }
  for (const OpKind kind : {OpKind::add, OpKind::increment}) {
    OneAnswer node("{\"type\":\"ok\"}\n");
    CHECK((client_for(node.address())->invoke(request(kind)).type == EventType::ok));
    node.join();
    CHECK(node.asked ==
          std::string("{\"f\":\"") + check::name_of(kind) + R"(","key":"k1","value":7})");
  }
}

TEST_CASE("embedded client: a leader is told where the mode has one") {
  OneAnswer led("{\"node\":\"n2\",\"mode\":\"primary\",\"leader\":\"n1\"}\n");
  const auto view = client_for(led.address())->view();
  REQUIRE(view.ok());
  CHECK(view->self == "n2");
  CHECK(view->leader == "n1");
  OneAnswer free("{\"node\":\"n2\",\"mode\":\"quorum\"}\n");
  const auto none = client_for(free.address())->view();
  REQUIRE(!none.ok());
  CHECK((none.error().code == ErrorCode::unsupported));
}

}  // namespace sunder::harness::embedded_client_test
