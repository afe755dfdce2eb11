// Addresses by arithmetic, checked. See address_plan.hpp. Tested by tests/harness/netns_test.cpp.
#include "harness/netns/address_plan.hpp"

#include <charconv>
#include <set>

namespace sunder::harness {
namespace {

constexpr Ipv4 kRouterOffset = 1;
constexpr Ipv4 kClientOffset = 2;
constexpr Ipv4 kServerOffset = 10;
constexpr Ipv4 kHarnessOffset = 100;
constexpr Ipv4 kLoopbackBase = 0x7F4D0000;  // 127.77.0.0
constexpr Ipv4 kBindOffset = 0x00010000;    // 127.78.…

Ipv4 host_mask(int prefix) {
  return static_cast<Ipv4>((std::uint64_t{1} << (32 - prefix)) - 1);
}

Error bad_subnet(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid,
          "the subnet \"" + std::string(text) + "\" " + why + "; write it as \"10.77.0.0/24\"",
          "cluster.subnet"};
}

Result<Ipv4> server_address(const ClusterSpec& cluster, const Subnet& subnet, std::size_t index) {
  for (const auto& node : cluster.overrides) {
    if (node.name != cluster.nodes[index] || node.address.empty()) continue;
    const auto ip = parse_ipv4(node.address);
    if (!ip || !subnet.contains(*ip)) {
      return Error{ErrorCode::invalid,
                   "the address \"" + node.address + "\" of " + node.name +
                       " is not in the subnet " + subnet.text(),
                   "cluster.node.address"};
    }
    return *ip;
  }
  return subnet.base + kServerOffset + static_cast<Ipv4>(index) + 1;
}

Node server_node(const ClusterSpec& cluster, std::size_t index, Ipv4 ip) {
  Node node{cluster.nodes[index], NodeRole::server, ip, cluster.nodes[index], true};
  for (const auto& over : cluster.overrides) {
    if (over.name != node.name) continue;
    if (!over.hostname.empty()) node.hostname = over.hostname;
    node.owned = over.owned;
  }
  return node;
}

}  // namespace

bool Subnet::contains(Ipv4 ip) const {
  const Ipv4 hosts = host_mask(prefix);
  return (ip & ~hosts) == base && (ip & hosts) != 0 && (ip & hosts) != hosts;
}

std::string Subnet::text() const {
  return to_string(base) + "/" + std::to_string(prefix);
}

Result<Subnet> parse_subnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad_subnet(text, "has no prefix length");
  const auto base = parse_ipv4(text.substr(0, slash));
  Subnet subnet;
  const auto length = text.substr(slash + 1);
  const auto end = std::from_chars(length.data(), length.data() + length.size(), subnet.prefix);
  if (!base || end.ec != std::errc{} || end.ptr != length.data() + length.size()) {
    return bad_subnet(text, "is not an IPv4 network");
  }
  if (subnet.prefix < 8 || subnet.prefix > 24) {
    return bad_subnet(text, "must have a prefix length from 8 to 24");
  }
  if ((*base & host_mask(subnet.prefix)) != 0) {
    return bad_subnet(text, "has bits set below its prefix");
  }
  const Ipv4 first = *base >> 24U;
  if (first == 0 || first == 127 || first >= 224) {
    return bad_subnet(text, "is not a network of ordinary hosts");
  }
  subnet.base = *base;
  return subnet;
}

std::vector<Node> AddressPlan::servers() const {
  std::vector<Node> found;
  for (const auto& node : topology.nodes()) {
    if (node.role == NodeRole::server) found.push_back(node);
  }
  return found;
}

std::vector<Node> AddressPlan::clients() const {
  std::vector<Node> found;
  if (topology.size() > 0) found.push_back(topology.nodes().back());
  for (const auto& node : topology.nodes()) {
    if (node.role == NodeRole::client && node.name != "client") found.push_back(node);
  }
  return found;
}

std::string AddressPlan::hosts_file() const {
  std::string text = "127.0.0.1 localhost\n";
  for (const auto& node : topology.nodes()) {
    text += to_string(node.ip) + " " + node.name;
    if (node.hostname != node.name) text += " " + node.hostname;
    text += "\n";
  }
  return text;
}

namespace {

Result<AddressPlan> plan_within(const ClusterSpec& cluster, unsigned harness_clients,
                                Subnet subnet) {
  if (cluster.nodes.empty() || cluster.nodes.size() > kServersMax ||
      cluster.nodes.size() + harness_clients > kHostsMax) {
    return Error{ErrorCode::invalid,
                 "a cluster has 1 to " + std::to_string(kServersMax) + " nodes, and at most " +
                     std::to_string(kHostsMax) + " nodes and clients together",
                 "cluster.nodes"};
  }
  AddressPlan plan;
  plan.subnet = subnet;
  plan.router = subnet.base + kRouterOffset;
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    auto ip = server_address(cluster, subnet, i);
    if (!ip.ok()) return std::move(ip).error();
    nodes.push_back(server_node(cluster, i, *ip));
  }
  for (unsigned i = 1; i <= harness_clients; ++i) {
    const std::string name = "c" + std::to_string(i);
    nodes.push_back({name, NodeRole::client, subnet.base + kHarnessOffset + i, name, true});
  }
  nodes.push_back({"client", NodeRole::client, subnet.base + kClientOffset, "client", true});
  std::set<Ipv4> taken{plan.router};
  for (const auto& node : nodes) {
    if (subnet.contains(node.ip) && taken.insert(node.ip).second) continue;
    return Error{ErrorCode::invalid,
                 "the address " + to_string(node.ip) + " of " + node.name +
                     " is taken, or outside of the subnet " + subnet.text(),
                 "cluster.subnet"};
  }
  plan.topology = Topology(std::move(nodes));
  return plan;
}

}  // namespace

Result<AddressPlan> plan_addresses(const ClusterSpec& cluster, unsigned harness_clients) {
  auto subnet = parse_subnet(cluster.subnet);
  if (!subnet.ok()) return std::move(subnet).error();
  return plan_within(cluster, harness_clients, *subnet);
}

Result<AddressPlan> plan_loopback(const ClusterSpec& cluster, unsigned harness_clients,
                                  std::uint8_t block) {
  auto plan = plan_within(cluster, harness_clients, {kLoopbackBase + (Ipv4{block} << 8U), 24});
  if (plan.ok()) plan->bind_offset = kBindOffset;
  return plan;
}

}  // namespace sunder::harness
