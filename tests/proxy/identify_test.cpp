// Who dialled a shared listener: by address, by process, or unknown; and connections that go around
// the proxy. Real sockets, and real processes where processes are what it is about.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "proxy/identify/bypass.hpp"
#include "proxy/identify/clerk.hpp"
#include "tests/proxy/rig.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/child.hpp"

using namespace sunder;
using namespace sunder::proxy;
using namespace sunder::test;

namespace {

constexpr NodeId kN1 = 0;
constexpr NodeId kN2 = 1;
constexpr NodeId kServer = 2;
constexpr Ipv4 kN1Ip = 0x7F000101;  // 127.0.1.1

std::uint32_t inode_of_fd(int fd) {
  struct stat what {};
  REQUIRE(::fstat(fd, &what) == 0);
  return static_cast<std::uint32_t>(what.st_ino);
}

/// Blocking, and fit for a child: -1 if it fails.
int dial(std::uint16_t port, Ipv4 from = 0) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (from != 0) {
    const Address own(IpPort{from, 0});
    if (::bind(fd, own.get(), own.size) != 0) return -1;
  }
  const Address to(IpPort{INADDR_LOOPBACK, port});
  return ::connect(fd, to.get(), to.size) == 0 ? fd : -1;
}

/// Dials the ports that it is told, and says a word on each connection; keeps them open.
void dialler(int pipe) {
  while (true) {
    const int port = Child::heard(pipe);
    if (port == 0) return;
    const int fd = dial(static_cast<std::uint16_t>(port));
    Child::say(pipe, fd >= 0 && ::send(fd, "hello", 5, MSG_NOSIGNAL) == 5 ? 1 : 0);
  }
}

/// Listens on loopback, tells its port, and takes the connections that it is told to.
void server(int pipe) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Address own(IpPort{INADDR_LOOPBACK, 0});
  if (::bind(fd, own.get(), own.size) != 0 || ::listen(fd, 16) != 0) ::_exit(1);
  Child::say(pipe, own_of(fd).port());
  while (true) Child::say(pipe, ::accept(fd, nullptr, nullptr) >= Child::heard(pipe) ? 1 : 0);
}

/// A proxy with one listener for every source in front of the node `server`.
struct Shared {
  std::shared_ptr<NodeProcesses> processes = std::make_shared<NodeProcesses>();
  UniqueFd target = listen_on_loopback();
  std::uint16_t port = 0;
  std::unique_ptr<Proxy> proxy;

  explicit Shared(UniqueFd door = listen_on_loopback(), std::size_t connections_max = 100) {
    ProxyOptions options;
    std::vector<Node> nodes(3);
    nodes[kN1].name = "n1";
    nodes[kN1].ip = kN1Ip;
    nodes[kN2].name = "n2";
    nodes[kServer].name = "server";
    options.topology = Topology(std::move(nodes));
    options.threads = 2;
    options.processes = processes;
    ListenerSpec spec;
    port = own_of(door.get()).port();
    spec.fd = std::move(door);
    spec.destination = kServer;
    spec.upstream = {INADDR_LOOPBACK, port_of(target.get())};
    spec.connections_max = connections_max;
    options.listeners.push_back(std::move(spec));
    auto started = Proxy::start(std::move(options));
    REQUIRE(started.ok());
    proxy = std::move(*started);
  }
  std::uint64_t total(NodeId from) const {
    for (const PairStats& stats : proxy->snapshot().pairs) {
      if (stats.pair == PairId{from, kServer}) return stats.connections_total;
    }
    return 0;
  }
  void check_word(const char* word = "hello") {
    const UniqueFd there = accept_on(target.get());
    REQUIRE(there.valid());
    CHECK(receive(there.get(), 5).bytes == word);
  }
};

SocketLine line(std::uint16_t own, std::uint16_t peer, std::uint32_t inode) {
  SocketLine out;
  out.own = Address(IpPort{INADDR_LOOPBACK, own});
  if (peer != 0) out.peer = Address(IpPort{INADDR_LOOPBACK, peer});
  out.inode = inode;
  out.listening = peer == 0;
  return out;
}

}  // namespace

TEST_CASE("the kernel tells the inode of a connected socket, and all sockets", "[identify]") {
  const UniqueFd listener = listen_on_loopback();
  const UniqueFd client = connect_to(port_of(listener.get()));
  auto diag = SockDiag::open();
  REQUIRE(diag.ok());
  const Address own = own_of(client.get());
  const Address peer = peer_of(client.get());
  const auto inode = diag->inode_of(own, peer);
  REQUIRE(inode.ok());
  CHECK(*inode == inode_of_fd(client.get()));
  // Nobody has accepted the other end yet: it has no descriptor, and so no inode.
  CHECK(diag->inode_of(peer, own).value() == 0);
  CHECK(diag->inode_of(own, own).value() == 0);
  CHECK(diag->inode_of(Address(), peer).value() == 0);

  const auto all = diag->dump();
  REQUIRE(all.ok());
  const auto has = [&](int fd, bool listening) {
    return std::any_of(all->begin(), all->end(), [&](const SocketLine& one) {
      return one.inode == inode_of_fd(fd) && one.listening == listening && one.own == own_of(fd);
    });
  };
  CHECK(has(listener.get(), true));
  CHECK(has(client.get(), false));
}

TEST_CASE("the sockets of a process are its node's, and those of its children", "[identify]") {
  const UniqueFd mine = listen_on_loopback();
  // The child has the socket too; a grandchild makes one that only it has.
  Child parent([](int pipe) {
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      struct stat what {};
      ::fstat(fd, &what);
      Child::say(pipe, static_cast<int>(what.st_ino));
      ::pause();
    }
  });
  const auto of_grandchild = static_cast<std::uint32_t>(parent.told());
  NodeProcesses processes;
  CHECK(processes.sockets().empty());
  processes.set(kN1, {parent.pid()});
  auto owners = processes.sockets();
  REQUIRE(owners.count(inode_of_fd(mine.get())) == 1);
  CHECK(owners.at(inode_of_fd(mine.get())).pid == parent.pid());
  REQUIRE(owners.count(of_grandchild) == 1);
  CHECK(owners.at(of_grandchild).node == kN1);
  CHECK(owners.at(of_grandchild).pid != parent.pid());

  // This process is another node, and the parent of the first: what was named comes first.
  processes.set(kN2, {::getpid()});
  owners = processes.sockets();
  CHECK(owners.at(of_grandchild).node == kN1);
  CHECK(processes.pids(kN2) == std::vector<pid_t>{::getpid()});
  CHECK(processes.nodes() == 2);
  processes.set(kN1, {});
  processes.set(kN2, {});
  CHECK(processes.nodes() == 0);
  CHECK(processes.sockets().empty());
}

TEST_CASE("a shared listener knows the source by its address", "[identify]") {
  Shared rig;
  const UniqueFd known(dial(rig.port, kN1Ip));
  REQUIRE(known.valid());
  REQUIRE(send_text(known.get(), "hello"));
  rig.check_word();
  CHECK(eventually([&] { return rig.total(kN1) == 1; }));
  const UniqueFd stranger(dial(rig.port));
  REQUIRE(send_text(stranger.get(), "hello"));
  rig.check_word();
  CHECK(eventually([&] { return rig.total(kUnknownNode) == 1; }));
  CHECK(rig.total(kN1) == 1);
}

TEST_CASE("a shared listener knows the source by the process that dialled", "[identify]") {
  Child n1(dialler);
  Child n2(dialler);
  const auto family = GENERATE(AF_INET, AF_INET6);
  CAPTURE(family);
  UniqueFd door = listen_on_loopback();
  if (family == AF_INET6) {  // IPv4 clients come in as ::ffff:127.0.0.1
    door.reset(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    if (!door || ::bind(door.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) != 0) {
      WARN("skipped: this machine has no IPv6");
      return;
    }
  }
  Shared rig(std::move(door));
  rig.processes->set(kN1, {n1.pid()});
  rig.processes->set(kN2, {n2.pid()});
  for (int i = 0; i < 20; ++i) {
    Child& who = i % 4 == 0 ? n1 : n2;
    who.tell(rig.port);
    REQUIRE(who.told() == 1);
    rig.check_word();
  }
  const UniqueFd stranger(dial(rig.port));
  REQUIRE(send_text(stranger.get(), "hello"));
  rig.check_word();
  CHECK(eventually([&] { return rig.total(kUnknownNode) == 1; }));
  CHECK(rig.total(kN1) == 5);
  CHECK(rig.total(kN2) == 15);
}

TEST_CASE("a cut acts on the pair of the process that dialled, and on no other", "[identify]") {
  Child n1(dialler);
  Child n2(dialler);
  Shared rig;
  rig.processes->set(kN1, {n1.pid()});
  rig.processes->set(kN2, {n2.pid()});
  auto set = std::make_shared<FaultSet>();
  set->epoch = 1;
  Rule refuse;
  refuse.id = 1;
  refuse.name = "p1";
  refuse.cut = CutKind::refuse;
  refuse.pairs = {{kN1, kServer}};
  set->rules.push_back(refuse);
  rig.proxy->apply(set);
  n1.tell(rig.port);
  n1.told();  // whether it could still send depends on who was faster
  n2.tell(rig.port);
  REQUIRE(n2.told() == 1);
  rig.check_word();
  CHECK(eventually([&] { return rig.proxy->touched().at(1).attempts == 1; }));
  CHECK(rig.total(kN2) == 1);
  CHECK_FALSE(readable_within(rig.target.get(), 0));
}

TEST_CASE("clients come and go while their names are looked up, and the proxy stops",
          "[identify]") {
  Child n1(dialler);
  Shared rig;
  rig.processes->set(kN1, {n1.pid()});
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 200; ++i) {
    UniqueFd client(dial(rig.port));
    REQUIRE(client.valid());
    if (i % 2 == 0) reset(client);
    clients.push_back(std::move(client));
    if (clients.size() > 20) clients.erase(clients.begin());
  }
  rig.proxy->stop();
  for (const UniqueFd& client : clients) {
    if (client) CHECK(receive_all(client.get()).error != EAGAIN);  // nobody is left waiting
  }
}

TEST_CASE("a node that is being started is waited for, a while", "[identify]") {
  Child n1(dialler);
  Shared rig;
  rig.processes->expect(kN1);
  n1.tell(rig.port);
  REQUIRE(n1.told() == 1);
  ::usleep(20'000);  // its process is told after it has dialled
  CHECK(rig.total(kN1) + rig.total(kUnknownNode) == 0);
  rig.processes->set(kN1, {n1.pid()});
  rig.check_word();
  CHECK(eventually([&] { return rig.total(kN1) == 1; }));
  rig.processes->expect(kN2);  // and never told
  n1.tell(rig.port);
  REQUIRE(n1.told() == 1);
  const UniqueFd stranger(dial(rig.port));
  CHECK(eventually([&] { return rig.total(kN1) == 2 && rig.total(kUnknownNode) == 1; }));
}

TEST_CASE("a clerk answers on its own thread, or takes nothing", "[identify]") {
  auto processes = std::make_shared<NodeProcesses>();
  Clerk clerk(identify_by_process(processes));
  const UniqueFd listener = listen_on_loopback();
  const UniqueFd client = connect_to(port_of(listener.get()));
  std::atomic<int> answered = -1;
  const WhoIs who{own_of(client.get()), peer_of(client.get()), kUnknownNode};
  const auto answer = [&](NodeId node) { answered = node; };
  CHECK_FALSE(clerk.ask(who, answer));  // nobody could know
  processes->set(kN2, {::getpid()});
  REQUIRE(clerk.ask(who, answer));
  CHECK(eventually([&] { return answered == kN2; }));
  clerk.stop();
  CHECK_FALSE(clerk.ask(who, answer));
}

TEST_CASE("a bypass is a connection between sockets of two nodes", "[bypass]") {
  const SocketOwners owners{{1, {kN1, 11}}, {2, {kN2, 22}}, {3, {kN2, 22}}, {4, {kN1, 11}}};
  SECTION("who dialled is who does not listen there") {
    const auto found =
        find_bypasses({line(5000, 80, 1), line(80, 5000, 2), line(80, 0, 3)}, owners);
    REQUIRE(found.size() == 1);
    CHECK(found[0].pair == PairId{kN1, kN2});
    CHECK(found[0].from_pid == 11);
    CHECK(found[0].to_pid == 22);
    CHECK(to_string(found[0].from) == "127.0.0.1:5000");
    CHECK(to_string(found[0].to) == "127.0.0.1:80");
  }
  SECTION("where nobody listens any more the greater port dialled") {
    const auto found = find_bypasses({line(80, 5000, 1), line(5000, 80, 2)}, owners);
    REQUIRE(found.size() == 1);
    CHECK(found[0].pair == PairId{kN2, kN1});
  }
  SECTION("one node's own connections are none, nor those to strangers or to the proxy") {
    CHECK(find_bypasses({line(80, 5000, 1), line(5000, 80, 4)}, owners).empty());
    CHECK(find_bypasses({line(80, 5000, 1), line(5000, 80, 9)}, owners).empty());
    CHECK(find_bypasses({line(80, 5000, 1)}, owners).empty());
    CHECK(find_bypasses({line(80, 5000, 0), line(5000, 80, 0)}, owners).empty());
  }
}

TEST_CASE("a direct connection between processes is seen, one through the proxy is not",
          "[bypass]") {
  Child n2(server);
  Child n1(dialler);
  const auto port = static_cast<std::uint16_t>(n2.told());
  NodeProcesses processes;
  processes.set(kN1, {n1.pid()});
  CHECK(look_for_bypasses(processes).value().empty());
  processes.set(kN2, {n2.pid()});

  ProxyOptions options;
  options.topology = Topology(std::vector<Node>(2));
  ListenerSpec spec;
  spec.fd = listen_on_loopback();
  const std::uint16_t door = port_of(spec.fd.get());
  spec.source = kN1;
  spec.destination = kN2;
  spec.upstream = {INADDR_LOOPBACK, port};
  options.listeners.push_back(std::move(spec));
  const auto proxy = std::move(Proxy::start(std::move(options))).value();
  n1.tell(door);
  REQUIRE(n1.told() == 1);
  n2.tell(0);
  REQUIRE(n2.told() == 1);
  CHECK(look_for_bypasses(processes).value().empty());

  n1.tell(port);
  REQUIRE(n1.told() == 1);
  n2.tell(0);
  REQUIRE(n2.told() == 1);
  const auto found = look_for_bypasses(processes).value();
  REQUIRE(found.size() == 1);
  CHECK(found[0].pair == PairId{kN1, kN2});
  CHECK(found[0].from_pid == n1.pid());
  CHECK(found[0].to_pid == n2.pid());
  CHECK(found[0].to.port() == port);
}
