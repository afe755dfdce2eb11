// PacketFilter: what the kernel does with packets between nodes in netns mode.
//
// Switchboard computes the wanted sets from all cuts together → **PacketFilter** puts the difference in force in one
// transaction. The nftables implementation is proxy/packet/nft_filter.cpp; tests use a recording one.
// Thread: one at a time (the Switchboard's lock).
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::proxy {

using IpPair = std::pair<Ipv4, Ipv4>;  ///< (source, destination) of a packet

/// A certain loss; shares are parts of a million.
inline constexpr std::uint32_t kLossWhole = 1'000'000;

/// Wanted state, complete.
struct PacketRules {
  std::set<IpPair> cut;     ///< every packet is dropped
  std::set<IpPair> nosyn;   ///< pure SYNs are dropped
  std::set<IpPair> refuse;  ///< pure SYNs are answered by RST
  std::set<Ipv4>
      down;  ///< nodes known dead: not brought to the proxy, so that their own refusal comes back
  /// Packets that vanish by chance, as a share of kLossWhole; never 0.
  std::map<IpPair, std::uint32_t> loss;
  friend bool operator==(const PacketRules&, const PacketRules&) = default;
};

/// Packets met by each element since it was put in; elements that stay keep counting.
struct PacketCounters {
  std::map<IpPair, std::uint64_t> cut;
  std::map<IpPair, std::uint64_t> nosyn;
  std::map<IpPair, std::uint64_t> refuse;
  std::map<IpPair, std::uint64_t> loss;  ///< packets that vanished
  std::uint64_t forwarded = 0;           ///< UDP and ICMP packets that passed between nodes
  std::uint64_t stopped = 0;             ///< packets that the closed forward chain stopped
};

class PacketFilter {
 public:
  virtual ~PacketFilter() = default;
  /// Makes `wanted` what is in force, atomically. On error nothing has changed.
  virtual Status apply(const PacketRules& wanted) = 0;
  virtual Result<PacketCounters> counters() = 0;
};

}  // namespace sunder::proxy
