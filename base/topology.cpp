#include "sunder/topology.hpp"

#include <arpa/inet.h>

#include <string>

namespace sunder {

std::string to_string(Ipv4 address) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string((address >> static_cast<unsigned>(shift)) & 0xFFU);
    if (shift != 0) out += '.';
  }
  return out;
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  in_addr out{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &out) != 1) return std::nullopt;
  return ntohl(out.s_addr);
}

std::string to_string(IpPort address) {
  return to_string(address.ip) + ':' + std::to_string(address.port);
}

NodeId Topology::find(std::string_view name) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].name == name && nodes_[i].role != NodeRole::gone) return static_cast<NodeId>(i);
  }
  return kUnknownNode;
}

NodeId Topology::find(Ipv4 ip) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].ip == ip && nodes_[i].role != NodeRole::gone) return static_cast<NodeId>(i);
  }
  return kUnknownNode;
}

Pair Topology::names(PairId pair) const {
  const auto name = [this](NodeId id) {
    return id < nodes_.size() ? nodes_[id].name : std::string("unknown");
  };
  return {name(pair.from), name(pair.to)};
}

bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > 31 || name[0] < 'a' || name[0] > 'z') return false;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!good) return false;
  }
  return true;
}

}  // namespace sunder
