// NftFilter: the packet filter by nftables, in process (libnftables), in the router's network namespace.
//
// Switchboard's PacketRules → **NftFilter** (one transaction of `add element`/`delete element`) → the kernel.
// It owns one table, `ip sunder`, with four sets and four chains:
//   prerouting and output, priority -300   nosyn, cut, refuse: what cuts do, on packets from nodes and on those that the
//                                          proxy sends in a node's name
//   prerouting, priority mangle            every TCP connection between nodes is brought to the proxy (TPROXY), but for
//                                          nodes known dead
//   forward, policy drop                   nothing passes around the proxy unseen: UDP and ICMP are counted and let
//                                          through, and a dead node's own RST; all else is counted and stopped
// Elements carry counters, so that a partition can tell whether any packet met it.
// The netlink socket belongs to the network namespace in which load() was called, whatever thread calls later.
// Thread: one at a time (libnftables contexts are not shared). Ownership: owns its nft context; the table stays in the
// kernel until the namespace goes or the filter is destroyed.
// Source: nft(8); man 7 ip, IP_TRANSPARENT; Linux Documentation/networking/tproxy.rst.
// Tested by tests/control/nft_filter_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/packet/packet_filter.hpp"
#include "sunder/result.hpp"

namespace sunder::proxy {

struct NftOptions {
  std::string subnet = "10.77.0.0/24";  ///< the nodes' addresses, as address/bits
  std::uint16_t tproxy_port = 0;        ///< where the proxy's TPROXY listener is bound; required
  std::uint32_t fwmark = 1;             ///< mark of packets that the routing rule delivers locally
};

/// The whole table as nft reads it; pure.
[[nodiscard]] std::string nft_table_text(const NftOptions& options);
/// The transaction that leads from one state to another; empty when they are equal. Pure.
[[nodiscard]] std::string nft_change_text(const PacketRules& from, const PacketRules& to);

/// The sets and counters of `nft list table ip sunder`.
struct NftListing {
  PacketRules rules;
  PacketCounters counters;
};
/// Reads the text of `list table`. Pure. ERRORS: internal when it has another form than expected.
[[nodiscard]] Result<NftListing> parse_nft_listing(std::string_view text);

class NftFilter final : public PacketFilter {
 public:
  /// Loads the table into the current network namespace and verifies that it is there: a ruleset with an error in it
  /// loads nothing, and traffic would flow past the proxy.
  /// ERRORS: invalid (options), unsupported (no privilege or no kernel support; the message says what nft said).
  static Result<std::unique_ptr<NftFilter>> load(const NftOptions& options);
  ~NftFilter() override;
  NftFilter(const NftFilter&) = delete;
  NftFilter& operator=(const NftFilter&) = delete;

  Status apply(const PacketRules& wanted) override;
  Result<PacketCounters> counters() override;
  /// What the kernel has now: sets and counters read back.
  Result<NftListing> list();

 private:
  struct State;
  explicit NftFilter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sunder::proxy
