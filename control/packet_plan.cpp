// The packet plan; see packet_plan.hpp. Pure functions.
#include "control/packet_plan.hpp"

namespace sunder::control {
namespace {

std::uint64_t count(const std::map<proxy::IpPair, std::uint64_t>& counts,
                    const proxy::IpPair& pair) {
  const auto found = counts.find(pair);
  return found == counts.end() ? 0 : found->second;
}

/// 0 for a node that is not known, or has none.
Ipv4 address_of(const Topology& topology, NodeId id) {
  return id < topology.size() ? topology.at(id).ip : 0;
}

std::uint64_t grown_of(const proxy::IpPair& pair, const std::map<proxy::IpPair, std::uint64_t>& now,
                       const std::map<proxy::IpPair, std::uint64_t>& before) {
  const std::uint64_t a = count(before, pair);
  const std::uint64_t b = count(now, pair);
  return b > a ? b - a : 0;
}

std::uint64_t grown(const std::set<proxy::IpPair>& elements,
                    const std::map<proxy::IpPair, std::uint64_t>& now,
                    const std::map<proxy::IpPair, std::uint64_t>& before) {
  std::uint64_t sum = 0;
  for (const auto& pair : elements) sum += grown_of(pair, now, before);
  return sum;
}

}  // namespace

proxy::PacketRules rules_of_cut(const Topology& topology, const PlannedCut& cut) {
  proxy::PacketRules out;
  for (const PairId& pair : cut.pairs) {
    const Ipv4 from = address_of(topology, pair.from);
    const Ipv4 to = address_of(topology, pair.to);
    if (from == 0 || to == 0) continue;
    switch (cut.kind) {
      case CutKind::drop:
        out.cut.insert({from, to});
        out.nosyn.insert({from, to});
        break;
      case CutKind::hold:
        out.nosyn.insert({from, to});
        out.nosyn.insert({to, from});
        break;
      case CutKind::reset:
      case CutKind::close:
      case CutKind::refuse:
        out.refuse.insert({from, to});
        out.refuse.insert({to, from});
        break;
    }
  }
  return out;
}

proxy::PacketRules rules_of_loss(const Topology& topology, const std::vector<PairId>& pairs,
                                 double ratio) {
  proxy::PacketRules out;
  const auto share = static_cast<std::uint32_t>(ratio * proxy::kLossWhole + 0.5);
  for (const PairId& pair : pairs) {
    const Ipv4 from = address_of(topology, pair.from);
    const Ipv4 to = address_of(topology, pair.to);
    if (from != 0 && to != 0 && share != 0) out.loss[{from, to}] = share;
  }
  return out;
}

std::optional<std::string> without_address(const Topology& topology,
                                           const std::vector<PairId>& pairs) {
  for (const PairId& pair : pairs) {
    for (const NodeId node : {pair.from, pair.to}) {
      if (address_of(topology, node) == 0) {
        return node < topology.size() ? topology.at(node).name : std::string("unknown");
      }
    }
  }
  return std::nullopt;
}

void merge_into(proxy::PacketRules& rules, const proxy::PacketRules& more) {
  rules.cut.insert(more.cut.begin(), more.cut.end());
  rules.nosyn.insert(more.nosyn.begin(), more.nosyn.end());
  rules.refuse.insert(more.refuse.begin(), more.refuse.end());
  rules.down.insert(more.down.begin(), more.down.end());
  for (const auto& [pair, share] : more.loss) {
    // Two independent chances: a packet passes if it passes both.
    std::uint32_t& all = rules.loss[pair];
    const auto passes = std::uint64_t{proxy::kLossWhole - all} * (proxy::kLossWhole - share);
    all = proxy::kLossWhole - static_cast<std::uint32_t>(passes / proxy::kLossWhole);
  }
}

PacketTouch touched_by(const proxy::PacketRules& rules, const proxy::PacketCounters& counters,
                       const proxy::PacketCounters& since) {
  PacketTouch out;
  out.packets = grown(rules.cut, counters.cut, since.cut);
  for (const auto& entry : rules.loss) {
    out.packets += grown_of(entry.first, counters.loss, since.loss);
  }
  out.attempts = grown(rules.nosyn, counters.nosyn, since.nosyn) +
                 grown(rules.refuse, counters.refuse, since.refuse);
  return out;
}

}  // namespace sunder::control
