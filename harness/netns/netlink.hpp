// Netlink: links, addresses, routes and rules of one network namespace, by rtnetlink.
//
// A Netlink belongs to the namespace in which it was opened and works there from anywhere. One request, one answer; about
// 20 µs each (a forked `ip` costs milliseconds, and a cluster needs some twenty requests per node).
// Source: rtnetlink(7), linux/veth.h. Thread: one at a time. Tested by tests/harness/netns_test.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {

inline constexpr int kLoopbackIndex = 1;  ///< lo of every namespace

struct Route {
  Ipv4 destination = 0;
  int prefix = 0;             ///< 0: the default route
  int device = 0;             ///< index of the link
  Ipv4 gateway = 0;           ///< 0: directly on the link
  Ipv4 source = 0;            ///< preferred source address; 0: the kernel's choice
  std::uint32_t table = 254;  ///< main
  bool local = false;         ///< delivered to this machine's own sockets
};

class Netlink {
 public:
  /// In the calling thread's network namespace.
  static Result<Netlink> open();

  /// Makes a veth pair: `name` here, `peer` in the namespace of `peer_namespace`. Both are down.
  Status add_veth(const std::string& name, const std::string& peer, int peer_namespace);
  Result<int> index_of(const std::string& link);
  Status set_up(int link);
  /// True once the link carries packets. A veth pair that was just switched on drops all packets until the kernel's own
  /// worker has seen both ends, some milliseconds later on a busy machine.
  Result<bool> running(int link);
  Status add_address(Ipv4 ip, int prefix, int link);
  /// The gateway need not be in any subnet of the link ("onlink").
  Status add_route(const Route& route);
  /// Packets with this mark are routed by `table`.
  Status add_mark_rule(std::uint32_t mark, std::uint32_t table);

 private:
  explicit Netlink(UniqueFd fd) : fd_(std::move(fd)) {}
  Status ask(std::string& request, const std::string& what, std::string* answer = nullptr);

  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sunder::harness
