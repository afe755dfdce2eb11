// The proxy in the test's own process: real sockets through it, cuts and faults on them, and nothing left at its end.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "base/fd.hpp"
#include "sunder/client.hpp"
#include "sunder/embed.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(port);
  return out;
}

/// A server that the test plays by hand.
struct Server {
  UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;

  Server() {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd.get(), 64) == 0);
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port); }
  [[nodiscard]] UniqueFd accepted() const {
    pollfd waiting{fd.get(), POLLIN, 0};
    REQUIRE(::poll(&waiting, 1, 5000) == 1);
    return UniqueFd(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
};

UniqueFd dial(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

void say(const UniqueFd& fd, const std::string& text) {
  const auto sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  REQUIRE(sent == static_cast<ssize_t>(text.size()));
}

/// What arrives within `ms`: a text, "" for nothing, "<end>", "<reset>".
std::string arrives(const UniqueFd& fd, int ms = 5000) {
  pollfd waiting{fd.get(), POLLIN, 0};
  if (::poll(&waiting, 1, ms) == 0) return "";
  char buffer[256];
  const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
  if (n < 0) return "<reset>";
  return n == 0 ? "<end>" : std::string(buffer, static_cast<std::size_t>(n));
}

/// True where a new connection gets no further: refused, or ended before a byte.
bool refused(std::uint16_t port) {
  const UniqueFd fd = dial(port);
  return !fd || arrives(fd) == "<reset>";
}

std::set<std::string> names_in(const char* folder) {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    out.insert(entry.path().filename());
  }
  return out;
}

EmbeddedProxy started(EmbedOptions options = {}) {
  auto proxy = EmbeddedProxy::start(options);
  REQUIRE(proxy.ok());
  return std::move(*proxy);
}

/// app → proxy → redis, with one connection open.
struct Hall {
  Server server;
  EmbeddedProxy proxy = started();
  Link link = proxy.link("app", "redis", server.address()).value();
  UniqueFd app = dial(link.port);
  UniqueFd redis = server.accepted();

  Hall() {
    say(app, "calm");
    REQUIRE(arrives(redis) == "calm");
  }
};

}  // namespace

TEST_CASE("a link leads to its server, and its traffic is told and proved") {
  Hall hall;
  CHECK(hall.link.address == "127.0.0.1:" + std::to_string(hall.link.port));
  CHECK(hall.link.port != hall.server.port);
  say(hall.redis, "answer");
  CHECK(arrives(hall.app) == "answer");
  const auto there = hall.proxy.traffic("app", "redis");
  const auto back = hall.proxy.traffic("redis", "app");
  REQUIRE(there.ok());
  REQUIRE(back.ok());
  CHECK(there->bytes_in == 4);
  CHECK(there->bytes_out == 4);
  CHECK(there->connections_total == 1);
  CHECK(there->connections_open == 1);
  CHECK(back->bytes_out == 6);
  CHECK(there->intact);
  CHECK_FALSE(there->altered);
  CHECK(hall.proxy.traffic().size() == 2);
  CHECK(hall.proxy.traffic("app", "nobody").error().code == ErrorCode::not_found);
}

TEST_CASE("a hold keeps bytes and lets them go in order, and tells what it met") {
  Hall hall;
  const auto cut = hall.proxy.cut(CutKind::hold, "app:redis");
  REQUIRE(cut.ok());
  CHECK(cut->pairs == std::vector<Pair>{{"app", "redis"}});
  say(hall.app, "one ");
  say(hall.app, "two");
  CHECK(arrives(hall.redis, 100).empty());
  say(hall.redis, "back");  // the other direction flows
  CHECK(arrives(hall.app) == "back");
  const auto rules = hall.proxy.rules();
  REQUIRE(rules.ok());
  REQUIRE(rules->size() == 1);
  CHECK(rules->front().name == cut->name);
  CHECK(rules->front().touched.connections == 1);
  const auto healed = hall.proxy.heal();
  REQUIRE(healed.ok());
  std::string got;
  while (got.size() < 7) {
    const std::string more = arrives(hall.redis);
    REQUIRE_FALSE(more.empty());
    got += more;
  }
  CHECK(got == "one two");
  REQUIRE(healed->removed.size() == 1);
  CHECK_FALSE(healed->removed[0].vacuous);
  CHECK(healed->removed[0].touched.bytes == 7);
  CHECK(hall.proxy.traffic("app", "redis")->intact);
}

TEST_CASE("reset, close and refuse do what they say, and after the heal all is as before") {
  Hall hall;
  const auto [kind, on_open] = GENERATE(table<CutKind, std::string>(
      {{CutKind::reset, "<reset>"}, {CutKind::close, "<end>"}, {CutKind::refuse, "on it goes"}}));
  INFO(name_of(kind));
  const auto cut = hall.proxy.cut(kind, "app:redis");
  REQUIRE(cut.ok());
  if (kind == CutKind::refuse) {
    say(hall.redis, "on it goes");
    CHECK(arrives(hall.app) == on_open);
  } else {
    CHECK(arrives(hall.app) == on_open);
    CHECK(arrives(hall.redis) == on_open);
  }
  CHECK(refused(hall.link.port));
  const auto healed = hall.proxy.heal({cut->name});
  REQUIRE(healed.ok());
  REQUIRE(healed->removed.size() == 1);
  CHECK_FALSE(healed->removed[0].vacuous);
  CHECK(healed->removed[0].touched.attempts >= 1);
  const UniqueFd again = dial(hall.link.port);
  const UniqueFd there = hall.server.accepted();
  say(again, "again");
  CHECK(arrives(there) == "again");
}

TEST_CASE("a cut that nobody met is vacuous") {
  Hall hall;
  REQUIRE(hall.proxy.cut(CutKind::hold, "app:redis").ok());
  CHECK(hall.proxy.heal()->removed.at(0).vacuous);
}

TEST_CASE("faults are added, changed and removed by name, heal leaves them and heal_all does not") {
  Hall hall;
  FaultSpec slow;
  slow.name = "slow";
  slow.kind = "delay";
  slow.pairs = {{"app", "redis"}};
  slow.params["delay"] = "3s";
  REQUIRE(hall.proxy.add_fault(slow).ok());
  say(hall.app, "late");
  CHECK(arrives(hall.redis, 50).empty());
  REQUIRE(hall.proxy.heal().ok());
  CHECK(hall.proxy.rules()->size() == 1);
  REQUIRE(hall.proxy.remove_fault("slow").ok());
  CHECK(arrives(hall.redis, 2000) == "late");  // long before its three seconds are over

  const auto named = hall.proxy.add_fault("delay", "redis:app", {{"delay", "40ms"}});
  REQUIRE(named.ok());
  const auto begin = std::chrono::steady_clock::now();
  say(hall.redis, "back");
  CHECK(arrives(hall.app) == "back");
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(40));
  REQUIRE(hall.proxy.update_fault(named->name, {{"delay", "1ms"}}).ok());
  CHECK(hall.proxy.heal_all()->removed.size() == 1);
  CHECK(hall.proxy.rules()->empty());
}

TEST_CASE("two links are cut off apart") {
  const Server server;
  EmbeddedProxy proxy = started();
  const Link first = proxy.link("app-a", "db", server.address()).value();
  const Link second = proxy.link("app-b", "db", server.address()).value();
  PartitionRequest request;
  request.groups = {{"app-a"}, {"db"}};
  request.kind = CutKind::reset;
  REQUIRE(proxy.partition(request).ok());
  CHECK(refused(first.port));
  const UniqueFd app = dial(second.port);
  const UniqueFd db = server.accepted();
  say(app, "through");
  CHECK(arrives(db) == "through");
}

TEST_CASE("the control API drives the same proxy") {
  Hall hall;
  Client client(hall.proxy.api_url());
  REQUIRE(hall.proxy.cut(CutKind::reset, "app:redis").ok());
  CHECK(client.rules()->size() == 1);
  CHECK(client.get("/v1/status")->find("\"mode\":\"explicit\"") != std::string::npos);
  CHECK(client.heal({}, false)->removed.size() == 1);
  CHECK(hall.proxy.rules()->empty());
}

TEST_CASE("mistakes are told, and change nothing") {
  const Server server;
  EmbeddedProxy proxy = started();
  CHECK(proxy.link("app", "redis", "6379").error().code == ErrorCode::invalid);
  CHECK(proxy.link("app", "redis", "127.0.0.1:many").error().code == ErrorCode::invalid);
  CHECK(proxy.link("app", "app", server.address()).error().id == "self_pair");
  CHECK(proxy.link("app", "Redis", server.address()).error().id == "bad_name");
  const auto taken = proxy.link("app", "redis", server.address(), server.address());
  CHECK(taken.error().code == ErrorCode::unavailable);
  CHECK(proxy.cut(CutKind::reset, "app:redis").error().code == ErrorCode::not_found);  // no node

  REQUIRE(proxy.link("app", "redis", server.address()).ok());
  const auto drop = proxy.cut(CutKind::drop, "app:redis");
  CHECK(drop.error().code == ErrorCode::unsupported);
  CHECK(drop.error().text().find("hold") != std::string::npos);
  CHECK(proxy.cut(CutKind::reset, "app").error().code == ErrorCode::invalid);
  CHECK(proxy.add_fault("delay", "app:redis", {{"delay", "soon"}}).error().code ==
        ErrorCode::invalid);
  CHECK(proxy.remove_fault("none").error().code == ErrorCode::not_found);
  CHECK(proxy.rules()->empty());

  EmbedOptions options;
  options.threads = 0;
  CHECK(EmbeddedProxy::start(options).error().code == ErrorCode::invalid);
  options.threads = 1;
  options.api_port = server.port;
  CHECK(EmbeddedProxy::start(options).error().code == ErrorCode::unavailable);
}

TEST_CASE("its end leaves no thread and no descriptor, and ends what went through it") {
  started({});  // what the first start leaves to the process
  const auto tasks = names_in("/proc/self/task");
  const auto descriptors = names_in("/proc/self/fd");
  for (int round = 0; round < 3; ++round) {
    const Server server;
    EmbedOptions options;
    options.threads = 3;
    auto proxy = std::make_unique<EmbeddedProxy>(started(options));
    const Link link = proxy->link("app", "redis", server.address()).value();
    const UniqueFd app = dial(link.port);
    const UniqueFd redis = server.accepted();
    REQUIRE(proxy->cut(CutKind::hold, "app:redis").ok());
    say(app, "held");
    // What the caller starts meanwhile inherits nothing of it.
    for (const std::string& name : names_in("/proc/self/fd")) {
      if (descriptors.count(name) != 0) continue;
      const int flags = ::fcntl(std::stoi(name), F_GETFD);
      INFO("descriptor " << name);
      CHECK((flags < 0 || (flags & FD_CLOEXEC) != 0));  // < 0: of the look itself
    }
    EmbeddedProxy moved = std::move(*proxy);
    proxy.reset();
    CHECK(moved.rules()->size() == 1);
    { const EmbeddedProxy gone = std::move(moved); }
    const std::string end = arrives(app);
    CHECK((end == "<reset>" || end == "<end>"));
    CHECK_FALSE(dial(link.port));
  }
  // A joined thread's entry may outlive it for a moment.
  for (int i = 0; i < 100 && names_in("/proc/self/task") != tasks; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  CHECK(names_in("/proc/self/task") == tasks);
  CHECK(names_in("/proc/self/fd") == descriptors);
}

TEST_CASE("many threads may use it at once") {
  const Server server;
  EmbedOptions options;
  options.threads = 2;
  EmbeddedProxy proxy = started(options);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string app = "app" + std::to_string(t % 2);  // two of them make the same node
      for (int i = 0; i < 20; ++i) {
        const auto link = proxy.link(app, "db", server.address());
        if (!link) {
          ++failed;
          continue;
        }
        const UniqueFd fd = dial(link->port);
        const auto cut = proxy.cut(CutKind::reset, app + ":db");
        if (!cut || !proxy.heal({cut->name})) ++failed;
        if (proxy.traffic().size() > 4 || !proxy.rules()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(proxy.rules()->empty());
}
