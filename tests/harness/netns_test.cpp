// Addresses, isolation and the routed topology. The parts with namespaces run in children; [netns] needs root or user
// namespaces and says so where it has neither.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>

#include "harness/netns/net_topology.hpp"
#include "tests/harness/in_child.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;
using namespace sunder::harness::test;

namespace {

ClusterSpec three_nodes() {
  ClusterSpec cluster;
  cluster.system = "etcd";
  cluster.nodes = {"n1", "n2", "n3"};
  return cluster;
}

sockaddr_in address_of(Ipv4 ip, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(ip);
  return out;
}

UniqueFd listen_in(int network, Ipv4 ip, std::uint16_t port) {
  if (!enter_namespace(network).ok()) return {};
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in at = address_of(ip, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) return {};
  return ::listen(fd.get(), 5) == 0 ? std::move(fd) : UniqueFd{};
}

// RETURNS the errno of the attempt; ETIMEDOUT after `timeout`.
int connect_from(int network, Ipv4 from, Ipv4 to, std::uint16_t port, int timeout_ms) {
  if (!enter_namespace(network).ok()) return -1;
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_in own = address_of(from, 0);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) return errno;
  const sockaddr_in peer = address_of(to, port);
  ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof(peer));
  pollfd wait{fd.get(), POLLOUT, 0};
  if (::poll(&wait, 1, timeout_ms) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

std::string reachability() {
  NEED(isolate({}).ok(), "isolate");
  auto plan = plan_addresses(three_nodes(), 2);
  NEED(plan.ok(), plan.error().message);
  auto built = NetTopology::build(*plan);
  NEED(built.ok(), built.error().message);
  NetTopology& net = **built;
  const auto ip = [&](const char* name) { return plan->topology.at(plan->topology.find(name)).ip; };
  NEED(net.bring_up().ok(), net.bring_up().error().message);

  const UniqueFd n2 = listen_in(net.node_namespace("n2"), ip("n2"), 5000);
  NEED(n2.valid(), "listen");
  const int n1 = net.node_namespace("n1");
  NEED(connect_from(n1, ip("n1"), ip("n2"), 5000, 300) != 0, "reached without forwarding");
  NEED(net.enable_forwarding().ok(), "forwarding");
  NEED(connect_from(n1, ip("n1"), ip("n2"), 5000, 2000) == 0, "n1 can't reach n2");
  NEED(connect_from(n1, ip("n1"), ip("n2"), 5001, 2000) == ECONNREFUSED, "no refusal");
  const int client = net.client_namespace();
  for (const char* name : {"client", "c1", "c2"}) {
    NEED(connect_from(client, ip(name), ip("n2"), 5000, 2000) == 0, name);
  }
  for (const int space : {n1, client, net.router_namespace()}) {
    NEED(enter_namespace(space).ok(), "enter");
    const std::string off = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    NEED(!std::filesystem::exists(off) || read_text_file(off) == "1\n", "IPv6 is on");
    NEED(read_text_file("/proc/sys/net/ipv4/conf/all/rp_filter") == "0\n", "rp_filter");
  }
  NEED(read_text_file("/proc/sys/net/ipv4/tcp_tw_reuse") == "1\n", "tcp_tw_reuse");
  return "";
}

}  // namespace

TEST_CASE("subnets", "[address]") {
  auto good = parse_subnet("10.77.0.0/24");
  REQUIRE(good.ok());
  CHECK(good->text() == "10.77.0.0/24");
  CHECK(good->contains(*parse_ipv4("10.77.0.254")));
  CHECK_FALSE(good->contains(*parse_ipv4("10.77.0.255")));
  CHECK_FALSE(good->contains(*parse_ipv4("10.77.0.0")));
  CHECK_FALSE(good->contains(*parse_ipv4("10.77.1.1")));
  for (const char* bad : {"", "10.77.0.0", "10.77.0.0/25", "10.77.0.1/24", "10.77.0.0/7", "x/24",
                          "127.0.0.0/24", "224.0.0.0/24", "10.77.0.0/24x", "0.0.0.0/8"}) {
    INFO(bad);
    CHECK_FALSE(parse_subnet(bad).ok());
  }
}

TEST_CASE("addresses of nodes and clients", "[address]") {
  ClusterSpec cluster = three_nodes();
  auto plan = plan_addresses(cluster, 2);
  REQUIRE(plan.ok());
  CHECK(to_string(plan->router) == "10.77.0.1");
  std::string all;
  for (const auto& node : plan->topology.nodes()) all += node.name + "=" + to_string(node.ip) + " ";
  CHECK(all ==
        "n1=10.77.0.11 n2=10.77.0.12 n3=10.77.0.13 c1=10.77.0.101 c2=10.77.0.102 "
        "client=10.77.0.2 ");
  CHECK(plan->servers().size() == 3);
  CHECK(plan->clients().front().name == "client");
  CHECK(plan->hosts_file().find("10.77.0.12 n2\n") != std::string::npos);

  cluster.overrides = {{"n2", "10.77.0.50", "db2", "", {}, {}, true}};
  plan = plan_addresses(cluster, 0);
  REQUIRE(plan.ok());
  CHECK(plan->hosts_file().find("10.77.0.50 n2 db2\n") != std::string::npos);
  cluster.overrides[0].address = "10.77.0.11";
  CHECK_FALSE(plan_addresses(cluster, 0).ok());
  cluster.overrides[0].address = "10.78.0.11";
  CHECK_FALSE(plan_addresses(cluster, 0).ok());
  CHECK_FALSE(plan_addresses(three_nodes(), 198).ok());
  CHECK_FALSE(plan_addresses(three_nodes(), 160).ok());  // .255 and beyond
}

TEST_CASE("nodes reach each other only after forwarding is switched on", "[netns]") {
  std::string why;
  if (!can_isolate(why)) {
    WARN(why);
    return;
  }
  CHECK(in_child(reachability) == "");
}

TEST_CASE("as root, through a user namespace too", "[netns]") {
  if (::geteuid() != 0) return;
  auto tried = try_isolate(true);
  if (!tried.ok()) {
    WARN("skipped: " + tried.error().message);
    return;
  }
  CHECK(tried->rootless);
}

TEST_CASE("mounts of the isolated process are its own", "[netns]") {
  std::string why;
  if (!can_isolate(why)) {
    WARN(why);
    return;
  }
  const std::string dir = make_temp_dir();
  const std::string outcome = in_child([&]() -> std::string {
    auto isolated = isolate({dir});
    NEED(isolated.ok(), isolated.error().message);
    NEED(write_text_file(dir + "/data", "x").ok(), "write");
    NEED(!isolate({"/nowhere/at-all"}).ok(), "a folder that is not there");
    return "";
  });
  CHECK(outcome == "");
  CHECK(std::filesystem::is_empty(dir));
  CHECK(remove_tree(dir));
}
