// Bypass detector: see bypass.hpp. Tested by tests/proxy/identify_test.cpp.
#include "proxy/identify/bypass.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace sunder::proxy {
namespace {

/// An address that can be ordered; an IPv4 address is the same when it is written as IPv6.
using Key = std::tuple<Ipv4, std::array<std::byte, 28>, std::uint16_t>;

Key key_of(const Address& address) {
  Key key;
  std::get<0>(key) = address.ipv4();
  if (address.ipv4() == 0) std::get<1>(key) = address.raw;
  std::get<2>(key) = address.port();
  return key;
}

struct End {
  const SocketLine* line;
  SocketOwner owner;
};

}  // namespace

std::vector<Bypass> find_bypasses(const std::vector<SocketLine>& sockets,
                                  const SocketOwners& owners) {
  std::map<std::pair<Key, Key>, End> ends;  // of nodes
  std::set<std::pair<NodeId, std::uint16_t>> listens;
  for (const SocketLine& line : sockets) {
    const auto owner = owners.find(line.inode);
    if (line.inode == 0 || owner == owners.end()) continue;
    if (line.listening) {
      listens.insert({owner->second.node, line.own.port()});
    } else {
      ends[{key_of(line.own), key_of(line.peer)}] = {&line, owner->second};
    }
  }
  std::vector<Bypass> out;
  for (const auto& [keys, end] : ends) {
    const auto other = ends.find({keys.second, keys.first});
    if (other == ends.end() || other->second.owner.node == end.owner.node) continue;
    const auto serves = [&](const End& at) {
      return listens.count({at.owner.node, at.line->own.port()}) != 0;
    };
    const bool here = serves(end);
    const bool there = serves(other->second);
    const bool dialled = here != there ? there : end.line->own.port() > end.line->peer.port();
    if (!dialled) continue;  // its other end is the one to tell of it
    out.push_back({{end.owner.node, other->second.owner.node},
                   end.owner.pid,
                   other->second.owner.pid,
                   end.line->own,
                   end.line->peer});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Bypass& a, const Bypass& b) { return a.pair < b.pair; });
  return out;
}

Result<std::vector<Bypass>> look_for_bypasses(const NodeProcesses& processes) {
  if (processes.nodes() == 0) return std::vector<Bypass>{};
  auto diag = SockDiag::open();
  if (!diag) return diag.error();
  auto sockets = diag->dump();
  if (!sockets) return sockets.error();
  return find_bypasses(*sockets, processes.sockets());
}

}  // namespace sunder::proxy
