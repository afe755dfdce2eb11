// The packet plan; see packet_plan.hpp. Pure functions.
#include "control/packet_plan.hpp"

namespace sunder::control {
namespace {

std::uint64_t count(const std::map<proxy::IpPair, std::uint64_t>& counts,
                    const proxy::IpPair& pair) {
  const auto found = counts.find(pair);
  return found == counts.end() ? 0 : found->second;
}

std::uint64_t grown(const std::set<proxy::IpPair>& elements,
                    const std::map<proxy::IpPair, std::uint64_t>& now,
                    const std::map<proxy::IpPair, std::uint64_t>& before) {
  std::uint64_t sum = 0;
  for (const auto& pair : elements) {
    const std::uint64_t a = count(before, pair);
    const std::uint64_t b = count(now, pair);
    if (b > a) sum += b - a;
  }
  return sum;
}

}  // namespace

proxy::PacketRules rules_of_cut(const Topology& topology, const PlannedCut& cut) {
  proxy::PacketRules out;
  for (const PairId& pair : cut.pairs) {
    const Ipv4 from = topology.at(pair.from).ip;
    const Ipv4 to = topology.at(pair.to).ip;
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

void merge_into(proxy::PacketRules& rules, const proxy::PacketRules& more) {
  rules.cut.insert(more.cut.begin(), more.cut.end());
  rules.nosyn.insert(more.nosyn.begin(), more.nosyn.end());
  rules.refuse.insert(more.refuse.begin(), more.refuse.end());
  rules.down.insert(more.down.begin(), more.down.end());
}

PacketTouch touched_by(const proxy::PacketRules& rules, const proxy::PacketCounters& counters,
                       const proxy::PacketCounters& since) {
  PacketTouch out;
  out.packets = grown(rules.cut, counters.cut, since.cut);
  out.attempts = grown(rules.nosyn, counters.nosyn, since.nosyn) +
                 grown(rules.refuse, counters.refuse, since.refuse);
  return out;
}

}  // namespace sunder::control
