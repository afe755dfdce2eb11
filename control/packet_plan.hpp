// Packet plan: what all cuts together ask of the packet filter. Pure.
//
// cuts in force + nodes down → **packet plan** → PacketRules (complete) → PacketFilter::apply.
//   drop    every packet of the pair is dropped; its pure SYNs by a rule of their own, so that they are counted apart
//   hold    pure SYNs of both directions get no answer (the proxy holds the bytes)
//   reset, close, refuse   pure SYNs of both directions are answered by RST (the proxy ends the connections)
// Thread: pure. Tested by tests/control/packet_plan_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/packet/packet_filter.hpp"
#include "sunder/fault.hpp"

namespace sunder::control {

/// One cut, as the plan needs it.
struct PlannedCut {
  CutKind kind = CutKind::drop;
  std::vector<PairId> pairs;
};

/// What a rule of packet loss adds: each packet of these pairs vanishes with the chance `ratio`.
[[nodiscard]] proxy::PacketRules rules_of_loss(const Topology& topology,
                                               const std::vector<PairId>& pairs, double ratio);

/// What one cut adds to the sets. Pairs with a node without an address (0) are left out.
[[nodiscard]] proxy::PacketRules rules_of_cut(const Topology& topology, const PlannedCut& cut);

/// Adds `more` to `rules`.
void merge_into(proxy::PacketRules& rules, const proxy::PacketRules& more);

/// The name of the first node among `pairs` that the packet filter has no address for.
[[nodiscard]] std::optional<std::string> without_address(const Topology& topology,
                                                         const std::vector<PairId>& pairs);

/// Packets and attempts that `counters` hold for the elements of `rules` (a cut's share, also when others share it).
struct PacketTouch {
  std::uint64_t packets = 0;
  std::uint64_t attempts = 0;
};
/// `since` holds what the same elements had counted before the cut came (elements that were there already).
[[nodiscard]] PacketTouch touched_by(const proxy::PacketRules& rules,
                                     const proxy::PacketCounters& counters,
                                     const proxy::PacketCounters& since);

}  // namespace sunder::control
