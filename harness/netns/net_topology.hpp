// NetTopology: the cluster's network as namespaces: a router (this process), one per node, one for all clients.
//
//                 veth v1   n1: eth0 10.77.0.11/32
//   router ───────    v2   n2: eth0 10.77.0.12/32      default via the router, "onlink"; no bridge, no NAT
//   lo 10.77.0.1      vc   clients: eth0 .2, .101, …
//
// Every packet between two of them passes the router, where nftables brings TCP to the proxy. The order keeps packets
// from ever passing unseen: build() makes everything with the links down, the caller loads its nft table (forward policy
// drop), then enable_forwarding() and bring_up(). Namespaces are descriptors, never names: they end with the processes.
// IPv6 is off in all of them. Source: measured in "the routed topology", docs/internals/processes.md.
// Thread: build and bring_up REQUIRE exactly one thread; the rest any. Tested by tests/harness/netns_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "harness/netns/address_plan.hpp"
#include "harness/netns/netlink.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

inline constexpr std::uint32_t kProxyMark = 1;  ///< set by the nft table on packets for the proxy
inline constexpr std::uint32_t kProxyTable = 100;  ///< routes marked packets to this machine

class NetTopology {
 public:
  /// REQUIRES isolate() before. ERRORS: unsupported or io: what the kernel refused.
  static Result<std::unique_ptr<NetTopology>> build(const AddressPlan& plan);

  /// Switches all links on and waits until they carry packets. Call after the nft table is loaded.
  Status bring_up();
  /// Lets the router pass on what the forward chain accepts. Call after the nft table is loaded.
  Status enable_forwarding();

  /// Namespaces as descriptors; owned by this object. `node`: a server's name; -1 if there is none.
  [[nodiscard]] int node_namespace(const std::string& node) const;
  [[nodiscard]] int client_namespace() const { return client_.fd.get(); }
  [[nodiscard]] int router_namespace() const { return router_.get(); }

 private:
  struct Space {
    UniqueFd fd;
    std::unique_ptr<Netlink> net;
    std::string link;  ///< the router's end of its veth pair
    int eth0 = 0;      ///< indexes of both ends
    int outer = 0;
    std::vector<Ipv4> addresses;
  };
  NetTopology() = default;
  Status build_router(const AddressPlan& plan);
  Result<Space> build_space(const std::string& link, std::vector<Ipv4> addresses);
  Status bring_up(Space& space);
  Status wait_running(const Space& space);

  UniqueFd router_;
  std::unique_ptr<Netlink> net_;
  Ipv4 router_ip_ = 0;
  std::map<std::string, Space> nodes_;
  Space client_;
};

/// Moves the calling thread into a network namespace.
[[nodiscard]] Status enter_namespace(int fd);
/// The calling thread's network namespace.
[[nodiscard]] Result<UniqueFd> current_namespace();

}  // namespace sunder::harness
