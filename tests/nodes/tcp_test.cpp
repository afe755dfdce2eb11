// Reference nodes over real TCP on loopback: every mode serves, a quorum goes on without one node and stops without two.
#include <poll.h>
#include <unistd.h>

#include <thread>

#include "nodes/tcp/tcp_node.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::nodes;

namespace {

// Loopback addresses of this process alone, and another set for every cluster.
Ipv4 own_address(unsigned cluster, unsigned node) {
  const auto pid = static_cast<Ipv4>(::getpid());
  return 0x7F000000U | (0x40 + (pid & 0x3FU)) << 16U | ((pid >> 6U) & 0xFFU) << 8U |
         ((cluster * 8 + node) % 250 + 2);
}

class Cluster {
 public:
  Cluster(const char* mode_name, unsigned nodes, const std::string& bug = {}) {
    static unsigned count = 0;
    ++count;
    const auto mode = find_mode(mode_name);
    REQUIRE(mode.ok());
    std::vector<TcpPeer> peers;
    for (unsigned n = 0; n < nodes; ++n) {
      peers.push_back({"n" + std::to_string(n + 1), {own_address(count, n), 7001}});
    }
    for (unsigned n = 0; n < nodes; ++n) {
      TcpNodeOptions options;
      options.mode = *mode;
      options.name = peers[n].name;
      options.peers = peers;
      options.listen = {peers[n].address.ip, 7000};
      options.replica.bug = bug;
      options.replica.give_up = 400 * kMillisecond;
      auto made = TcpNode::make(options);
      REQUIRE(made.ok());
      listen_.push_back(options.listen);
      stops_.push_back(std::make_unique<std::atomic<bool>>(false));
      threads_.emplace_back([node = std::shared_ptr<TcpNode>(std::move(*made)),
                             stop = stops_.back().get()] { (void)node->run(*stop).ok(); });
    }
  }
  ~Cluster() {
    for (unsigned n = 0; n < threads_.size(); ++n) stop(n);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void stop(unsigned n) {
    *stops_[n] = true;
    if (threads_[n].joinable()) threads_[n].join();
  }

  // Asks node n; "" where nothing comes within two seconds.
  std::string ask(unsigned n, const std::string& line) {
    LineSocket socket(begin_connect(listen_[n]));
    REQUIRE(socket.open());
    pollfd fd{socket.fd(), POLLOUT, 0};
    REQUIRE(::poll(&fd, 1, 2000) == 1);
    socket.put(line + "\n");
    std::string answer;
    fd.events = POLLIN;
    while (answer.empty() && ::poll(&fd, 1, 2000) == 1) {
      if (!socket.read([&](std::string_view got) { answer = got; })) break;
    }
    return answer;
  }

  // Until the answer is this one, at most five seconds.
  bool comes_to(unsigned n, const std::string& line, const std::string& answer) {
    for (int i = 0; i < 100; ++i) {
      if (ask(n, line) == answer) return true;
      ::usleep(50'000);
    }
    return false;
  }

 private:
  std::vector<IpPort> listen_;
  std::vector<std::unique_ptr<std::atomic<bool>>> stops_;
  std::vector<std::thread> threads_;
};

constexpr const char* kOk = R"({"type":"ok"})";

}  // namespace

TEST_CASE("a write at one node is read at another, in every mode with registers") {
  for (const Mode* mode : all_modes()) {
    if (mode->offer == Offer::collections) continue;
    CAPTURE(mode->name);
    Cluster cluster(mode->name, 3);
    CHECK(cluster.comes_to(2, R"({"f":"write","key":"k","value":7})", kOk));
    CHECK(cluster.comes_to(1, R"({"f":"read","key":"k"})", R"({"type":"ok","value":7})"));
    CHECK(cluster.ask(0, R"({"f":"status"})").find(mode->name) != std::string::npos);
  }
}

TEST_CASE("sets and counters of crdt come to the same everywhere") {
  Cluster cluster("crdt", 3);
  CHECK(cluster.ask(0, R"({"f":"add","key":"s","value":1})") == kOk);
  CHECK(cluster.ask(1, R"({"f":"add","key":"s","value":2})") == kOk);
  CHECK(cluster.ask(1, R"({"f":"increment","key":"c","value":3})") == kOk);
  CHECK(cluster.ask(2, R"({"f":"increment","key":"c","value":4})") == kOk);
  for (unsigned n = 0; n < 3; ++n) {
    CAPTURE(n);
    CHECK(cluster.comes_to(n, R"({"f":"read","key":"s"})", R"({"type":"ok","value":[1,2]})"));
    CHECK(cluster.comes_to(n, R"({"f":"read","key":"c"})", R"({"type":"ok","value":7})"));
  }
}

TEST_CASE("a quorum of three goes on without one node, and says so without two") {
  Cluster cluster("quorum", 3);
  CHECK(cluster.comes_to(0, R"({"f":"write","key":"k","value":1})", kOk));
  cluster.stop(2);
  CHECK(cluster.comes_to(0, R"({"f":"write","key":"k","value":2})", kOk));
  CHECK(cluster.comes_to(1, R"({"f":"read","key":"k"})", R"({"type":"ok","value":2})"));
  cluster.stop(1);
  CHECK(cluster.ask(0, R"({"f":"read","key":"k"})").find("no majority") != std::string::npos);
}

TEST_CASE("a node that is not among its peers, and an address that is taken, are refused") {
  TcpNodeOptions options;
  options.mode = all_modes()[0];
  options.name = "n9";
  options.peers = {{"n1", {own_address(200, 0), 7001}}};
  options.listen = {own_address(200, 0), 7000};
  CHECK(!TcpNode::make(options).ok());
  options.name = "n1";
  const auto first = TcpNode::make(options);
  REQUIRE(first.ok());
  const auto second = TcpNode::make(options);
  REQUIRE(!second.ok());
  CHECK((second.error().code == ErrorCode::unavailable));
}
