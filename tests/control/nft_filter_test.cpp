// The nftables packet filter in a network namespace of its own: texts, transactions read back, and real packets between two
// nodes and a router. Needs root or user namespaces, and `ip`; skipped with a word where they are not there.
#include "proxy/packet/nft_filter.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "base/fd.hpp"
#include "sunder/rng.hpp"
#include "sunder/time.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::proxy;

namespace {

constexpr Ipv4 kA = 0x0A4D000B;
constexpr Ipv4 kB = 0x0A4D000C;
const NftOptions kOptions{"10.77.0.0/24", 15000, 1};

bool write_file(const std::string& path, const std::string& text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Runs `body` in a forked child with a network namespace (and, when not root, a user namespace) of its own.
/// RETURNS what it found wrong; "skip: …" when this machine has no such namespaces.
std::string in_namespace(const std::function<std::string()>& body) {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return "no pipe";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(60);
    const uid_t uid = ::getuid();
    const gid_t gid = ::getgid();
    std::string said;
    if (::unshare(uid == 0 ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER) != 0) {
      said = "skip: no network namespaces here";
    } else {
      if (uid != 0) {
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
        write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
      }
      said = body();
    }
    if (::write(pipe_fds[1], said.data(), said.size()) < 0) ::_exit(1);
    ::_exit(0);
  }
  ::close(pipe_fds[1]);
  std::string said;
  char buffer[512];
  ssize_t n = 0;
  while ((n = ::read(pipe_fds[0], buffer, sizeof buffer)) > 0) {
    said.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(pipe_fds[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) said += " (the child died)";
  return said;
}

void expect_nothing(const std::string& said) {
  if (said.rfind("skip:", 0) == 0) {
    WARN(said);
    return;
  }
  CHECK(said == "");
}

PacketRules random_rules(Rng& rng) {
  PacketRules out;
  const auto ip = [&] { return kA + static_cast<Ipv4>(rng.below(9)); };
  const auto fill = [&](std::set<IpPair>& set) {
    for (std::uint64_t i = rng.below(30); i > 0; --i) set.insert({ip(), ip()});
  };
  fill(out.cut);
  fill(out.nosyn);
  fill(out.refuse);
  for (std::uint64_t i = rng.below(4); i > 0; --i) out.down.insert(ip());
  return out;
}

}  // namespace

TEST_CASE("the change between two states names what comes and what goes") {
  PacketRules from;
  from.cut = {{kA, kB}, {kB, kA}};
  PacketRules to;
  to.cut = {{kB, kA}};
  to.down = {kB};
  CHECK(nft_change_text(from, to) ==
        "delete element ip sunder cut { 10.77.0.11 . 10.77.0.12 }\n"
        "add element ip sunder down { 10.77.0.12 }\n");
  CHECK(nft_change_text(to, to).empty());
}

TEST_CASE("a listing that was cut short is an error, not an empty answer") {
  const std::string good =
      "table ip sunder {\n\tset cut {\n\t\ttype ipv4_addr . ipv4_addr\n\t\tcounter\n"
      "\t\telements = { 10.77.0.11 . 10.77.0.12 counter packets 5 bytes 300 }\n\t}\n"
      "\tcounter stopped {\n\t\tpackets 7 bytes 99\n\t}\n}\n";
  const auto listing = parse_nft_listing(good);
  REQUIRE(listing.ok());
  CHECK(listing->counters.cut.at({kA, kB}) == 5);
  CHECK(listing->counters.stopped == 7);
  for (std::size_t end = 40; end < good.find("\n\t}\n\tcounter"); ++end) {
    CAPTURE(end);
    CHECK_FALSE(parse_nft_listing(good.substr(0, end)).ok());
  }
}

TEST_CASE("options that can't go into the table are refused") {
  for (const char* subnet :
       {"10.77.0.0", "10.77.0.0/33", "x/24", "10.77.0.0/24; flush ruleset", ""}) {
    CAPTURE(subnet);
    CHECK(NftFilter::load({subnet, 15000, 1}).error().code == ErrorCode::invalid);
  }
  CHECK(NftFilter::load({"10.77.0.0/24", 0, 1}).error().code == ErrorCode::invalid);
}

TEST_CASE("two hundred random transactions are in the kernel as asked for") {
  expect_nothing(in_namespace([]() -> std::string {
    auto filter = NftFilter::load(kOptions);
    if (!filter) return filter.error().text();
    Rng rng(20261101);
    Nanos spent = 0;
    for (int i = 0; i < 200; ++i) {
      const PacketRules rules = random_rules(rng);
      const Nanos start = monotonic_clock().now();
      if (auto done = (*filter)->apply(rules); !done) return done.error().text();
      spent += monotonic_clock().now() - start;
      const auto listing = (*filter)->list();
      if (!listing) return listing.error().text();
      if (!(listing->rules == rules)) return "transaction " + std::to_string(i) + " differs";
    }
    if (spent / 200 > 50 * kMillisecond)
      return "a transaction takes " + std::to_string(spent / 200) + " ns";
    return "";
  }));
}

TEST_CASE("a table left over is replaced, and a destroyed filter leaves none") {
  expect_nothing(in_namespace([]() -> std::string {
    {
      auto first = NftFilter::load(kOptions);
      if (!first) return first.error().text();
      PacketRules rules;
      rules.cut.insert({kA, kB});
      if (!(*first)->apply(rules)) return "apply";
      auto second = NftFilter::load(kOptions);
      if (!second) return second.error().text();
      const auto listing = (*second)->list();
      if (!listing || !(listing->rules == PacketRules{})) return "the old sets are still there";
      if ((*first)->apply({}).ok()) return "a delete of what is not there must fail";
    }
    auto again = NftFilter::load(kOptions);
    return again ? "" : again.error().text();
  }));
}

TEST_CASE("without privilege loading is refused with the reason") {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::getuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(3);
    const auto filter = NftFilter::load(kOptions);
    ::_exit(!filter.ok() && filter.error().code == ErrorCode::unsupported ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

namespace {

/// A node: a child process in a network namespace of its own, behind the router (the calling process's namespace).
struct TestNode {
  pid_t pid = 0;
  std::string ip;

  explicit TestNode(const std::string& name, const std::string& address) : ip(address) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return;
    pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const bool good = ::unshare(CLONE_NEWNET) == 0;
      if (::write(ready[1], good ? "y" : "n", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char answer = 0;
    if (::read(ready[0], &answer, 1) != 1) answer = 'n';
    ::close(ready[0]);
    ::close(ready[1]);
    const std::string at = " && nsenter -t " + std::to_string(pid) + " -n ";
    command = "ip link add " + name + " type veth peer name eth0 netns " + std::to_string(pid) +
              " && ip link set " + name + " up && ip route add " + ip + "/32 dev " + name +
              " src 10.77.0.1" + at + "ip addr add " + ip + "/32 dev eth0" + at +
              "ip link set eth0 up" + at + "ip link set lo up" + at +
              "ip route add default via 10.77.0.1 dev eth0 onlink";
  }
  ~TestNode() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  /// A socket in the node's namespace.
  [[nodiscard]] UniqueFd socket(int type) const {
    const UniqueFd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    const UniqueFd there(
        ::open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
    if (::setns(there.get(), CLONE_NEWNET) != 0) return {};
    UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::setns(home.get(), CLONE_NEWNET) != 0) ::_exit(1);
    return fd;
  }
  std::string command;
};

sockaddr_in place(const std::string& ip, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  ::inet_pton(AF_INET, ip.c_str(), &out.sin_addr);
  return out;
}

/// "refused", "connected" or "silence" (nothing within 150 ms).
std::string try_connect(const TestNode& from, const std::string& to) {
  const UniqueFd fd = from.socket(SOCK_STREAM);
  const sockaddr_in target = place(to, 2379);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0) {
    return "connected";
  }
  pollfd waiting{fd.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, 150) == 0) return "silence";
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? "connected" : error == ECONNREFUSED ? "refused" : "error";
}

/// True if a datagram from one node reaches the other within 100 ms.
bool datagram(const TestNode& from, const TestNode& to) {
  const UniqueFd in = to.socket(SOCK_DGRAM);
  const sockaddr_in at = place(to.ip, 4000);
  if (::bind(in.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return false;
  const UniqueFd out = from.socket(SOCK_DGRAM);
  static_cast<void>(
      ::sendto(out.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at));
  pollfd waiting{in.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 100) == 1;
}

std::string check_packets() {
  const TestNode a("va", "10.77.0.11");
  const TestNode b("vb", "10.77.0.12");
  auto loaded = NftFilter::load(kOptions);
  if (!loaded) return loaded.error().text();
  NftFilter& filter = **loaded;
  const std::string up = "( ip link set lo up && ip addr add 10.77.0.1/32 dev lo && " + a.command +
                         " && " + b.command + " ) >/dev/null 2>&1";
  if (std::system(up.c_str()) != 0) return "skip: no ip, nsenter or veth here";
  if (!write_file("/proc/sys/net/ipv4/ip_forward", "1")) return "skip: no forwarding here";
  write_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");

  const UniqueFd server = b.socket(SOCK_STREAM);
  const sockaddr_in at = place("10.77.0.12", 2379);
  if (::bind(server.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
      ::listen(server.get(), 8) != 0) {
    return "no server";
  }
  // No proxy listens: nothing may pass around it.
  if (try_connect(a, b.ip) != "silence") return "TCP flowed past the proxy";
  if (filter.counters().value().stopped == 0) return "what was stopped was not counted";
  if (!datagram(a, b)) return "UDP is not forwarded";
  if (filter.counters().value().forwarded == 0) return "UDP is not counted";

  PacketRules rules;
  rules.refuse = {{kA, kB}};
  if (!filter.apply(rules)) return "apply refuse";
  if (try_connect(a, b.ip) != "refused") return "refuse does not refuse";
  if (filter.counters().value().refuse.at({kA, kB}) == 0) return "refuse does not count";

  rules = {};
  rules.cut = {{kA, kB}};
  rules.nosyn = {{kA, kB}};
  if (!filter.apply(rules)) return "apply cut";
  if (datagram(a, b)) return "UDP passes a cut";
  if (!datagram(b, a)) return "a one-way cut stops the other way";
  if (try_connect(a, b.ip) != "silence") return "a SYN passes a cut";
  const PacketCounters cut = filter.counters().value();
  if (cut.cut.at({kA, kB}) == 0 || cut.nosyn.at({kA, kB}) == 0) return "a cut does not count";

  rules.down = {kB};  // the element of cut stays and keeps its count
  if (!filter.apply(rules)) return "apply down";
  if (filter.counters().value().cut.at({kA, kB}) < cut.cut.at({kA, kB})) return "a count was lost";
  rules = {};
  rules.down = {kB};
  if (!filter.apply(rules)) return "apply down alone";
  if (try_connect(a, b.ip) != "silence")
    return "a node called dead, but alive, is reached directly";
  const TestNode* dead = &b;
  if (::shutdown(server.get(), SHUT_RDWR) != 0) return "shutdown";
  if (try_connect(a, dead->ip) != "refused") return "the refusal of a dead node does not come back";
  return "";
}

/// How many of `count` datagrams get from one node to the other.
int datagrams_through(const TestNode& from, const TestNode& to, int count) {
  const UniqueFd in = to.socket(SOCK_DGRAM);
  const sockaddr_in at = place(to.ip, 4001);
  if (::bind(in.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return -1;
  const UniqueFd out = from.socket(SOCK_DGRAM);
  int came = 0;
  char buffer[8];
  for (int i = 0; i < count; ++i) {
    static_cast<void>(
        ::sendto(out.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at));
    pollfd waiting{in.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 5) == 1 && ::recv(in.get(), buffer, sizeof buffer, 0) == 1) ++came;
  }
  while (::recv(in.get(), buffer, sizeof buffer, 0) == 1) ++came;
  return came;
}

std::string check_loss() {
  const TestNode a("va", "10.77.0.11");
  const TestNode b("vb", "10.77.0.12");
  auto loaded = NftFilter::load(kOptions);
  if (!loaded) return loaded.error().text();
  NftFilter& filter = **loaded;
  const std::string up = "( ip link set lo up && ip addr add 10.77.0.1/32 dev lo && " + a.command +
                         " && " + b.command + " ) >/dev/null 2>&1";
  if (std::system(up.c_str()) != 0) return "skip: no ip, nsenter or veth here";
  if (!write_file("/proc/sys/net/ipv4/ip_forward", "1")) return "skip: no forwarding here";
  write_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
  if (!datagram(a, b)) return "UDP is not forwarded";

  constexpr int kCount = 600;
  PacketRules rules;
  rules.loss = {{{kA, kB}, kLossWhole / 4}};
  if (auto done = filter.apply(rules); !done) return done.error().text();
  const int came = datagrams_through(a, b, kCount);
  const auto lost = filter.counters().value().loss[{kA, kB}];
  // 150 are expected; 4.7 standard deviations (10.6) either way.
  if (lost < 100 || lost > 200) return "a loss of 25 % lost " + std::to_string(lost) + " of 600";
  if (came + static_cast<int>(lost) != kCount) {
    return std::to_string(came) + " came and " + std::to_string(lost) + " were lost, of 600";
  }
  if (datagrams_through(b, a, 50) != 50) return "the other direction loses packets";

  rules.loss[{kB, kA}] = kLossWhole;  // all of them; the other pair's counter goes on
  if (auto done = filter.apply(rules); !done) return done.error().text();
  if (datagrams_through(b, a, 20) != 0) return "a loss of 1 lets packets pass";
  const PacketCounters both = filter.counters().value();
  if (both.loss.at({kA, kB}) < lost || both.loss.at({kB, kA}) != 20) return "counters went wrong";
  if (auto done = filter.apply({}); !done) return done.error().text();
  if (datagrams_through(a, b, 50) != 50) return "packets are lost after the removal";
  if (!filter.counters().value().loss.empty()) return "a counter stayed";
  return "";
}

}  // namespace

TEST_CASE("loss loses its share of one direction, counts it, and leaves nothing behind") {
  expect_nothing(in_namespace(check_loss));
}

TEST_CASE("packets between two nodes meet the rules") {
  expect_nothing(in_namespace(check_packets));
}
