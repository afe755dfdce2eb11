// AddressPlan: who has which address in the cluster's network.
//
// ClusterSpec → **AddressPlan** → NetTopology (namespaces, routes), Supervisor (commands, hosts file), proxy (Topology).
// In a subnet S: the router is S+1, `client` (the wrapped command) S+2, node i S+10+i (n1 is .11), harness client ci
// S+100+i. A node's address may be overridden by the suite.
// Thread: a value, made before anything starts. Tested by tests/harness/netns_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/suite.hpp"
#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {

struct Subnet {
  Ipv4 base = 0;
  int prefix = 24;
  [[nodiscard]] bool contains(
      Ipv4 ip) const;  ///< as a host: neither the network's own nor the broadcast address
  [[nodiscard]] std::string text() const;  ///< "10.77.0.0/24"
};

/// ERRORS: invalid: not "a.b.c.d/n", /25 or smaller, bits set below the prefix, loopback or multicast.
[[nodiscard]] Result<Subnet> parse_subnet(std::string_view text);

struct AddressPlan {
  Subnet subnet;
  Ipv4 router = 0;
  /// Explicit mode: the proxy has the nodes' addresses, and a node listens at its own plus this.
  Ipv4 bind_offset = 0;
  /// Servers in the suite's order, then c1 … cN, then `client`.
  Topology topology;

  [[nodiscard]] std::vector<Node> servers() const;
  /// `client` and the harness clients, in that order.
  [[nodiscard]] std::vector<Node> clients() const;
  /// /etc/hosts for every namespace of the cluster: all nodes and clients by name and hostname.
  [[nodiscard]] std::string hosts_file() const;
};

inline constexpr std::size_t kServersMax = 89;  ///< .11 to .99
inline constexpr std::size_t kHostsMax = 200;

/// ERRORS: invalid (too many nodes, an address outside of the subnet or given twice).
[[nodiscard]] Result<AddressPlan> plan_addresses(const ClusterSpec& cluster,
                                                 unsigned harness_clients);
/// Explicit mode: the same in 127.77.`block`.0/24; nodes listen in 127.78.`block`.0/24.
[[nodiscard]] Result<AddressPlan> plan_loopback(const ClusterSpec& cluster,
                                                unsigned harness_clients, std::uint8_t block);

}  // namespace sunder::harness
