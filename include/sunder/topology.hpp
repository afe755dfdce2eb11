// Nodes, pairs and the table of a run's nodes: what everything else refers to.
//
// A *node* is a party of the network with a name and an address: a database process's machine (n1, n2, …), a harness
// client (c1, c2, …), or `client` (a wrapped command). A *pair* is directed: the bytes that `from` sends to `to`,
// whoever opened the connection. Everything a fault acts on is a set of pairs.
// Thread: values. A Topology in use never changes: when nodes come or go at run time, a new one takes its place
// (proxy/fault_set.hpp), in which every node keeps its index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sunder {

/// IPv4 address in host byte order (10.77.0.11 is 0x0A4D000B).
using Ipv4 = std::uint32_t;

[[nodiscard]] std::string to_string(Ipv4 address);  // base/address.cpp
[[nodiscard]] std::optional<Ipv4> parse_ipv4(std::string_view text);

struct IpPort {
  Ipv4 ip = 0;
  std::uint16_t port = 0;
  friend bool operator==(const IpPort&, const IpPort&) = default;
};
[[nodiscard]] std::string to_string(IpPort address);  // "10.77.0.11:2379"

/// Index into Topology::nodes.
using NodeId = std::uint16_t;
inline constexpr NodeId kUnknownNode = 0xFFFF;

/// A directed pair by index; what the proxy works with.
struct PairId {
  NodeId from = kUnknownNode;
  NodeId to = kUnknownNode;
  friend auto operator<=>(const PairId&, const PairId&) = default;
};

/// A directed pair by name; what people, files and the API work with.
struct Pair {
  std::string from;
  std::string to;
  friend auto operator<=>(const Pair&, const Pair&) = default;
};

enum class NodeRole {
  server,  ///< a database node; partition shapes act on these
  client,  ///< a harness client or the wrapped command; touched only when named
  gone,    ///< was removed at run time: found by no name; its index may serve a later node
};

struct Node {
  std::string name;  ///< [a-z][a-z0-9-]{0,30}
  NodeRole role = NodeRole::server;
  Ipv4 ip = 0;           ///< its one address in netns mode; 0 where unknown
  std::string hostname;  ///< what gethostname() answers there
  bool owned = true;     ///< sunder started it
};

class Topology {
 public:
  Topology() = default;
  explicit Topology(std::vector<Node> nodes) : nodes_(std::move(nodes)) {}

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] const Node& at(NodeId id) const { return nodes_.at(id); }
  /// The node of that name or address; kUnknownNode if none. COST: linear in nodes (a cluster has few).
  [[nodiscard]] NodeId find(std::string_view name) const;
  [[nodiscard]] NodeId find(Ipv4 ip) const;
  [[nodiscard]] Pair names(PairId pair) const;

 private:
  std::vector<Node> nodes_;
};

/// True for [a-z][a-z0-9-]{0,30}: names of nodes, faults, cuts, suites.
[[nodiscard]] bool valid_name(std::string_view name);

}  // namespace sunder
