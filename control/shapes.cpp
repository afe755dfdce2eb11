// Shapes and the grammar of pairs and groups; see shapes.hpp. Pure functions.
#include "control/shapes.hpp"

#include <algorithm>
#include <set>

namespace sunder::control {
namespace {

constexpr std::size_t kTextMax = 16 * 1024;

Error unknown_node(const Topology& topology, const std::string& name, std::string field) {
  std::string known;
  for (const Node& node : topology.nodes()) {
    if (!known.empty()) known += ", ";
    known += node.name;
  }
  return {ErrorCode::not_found, "there is no node \"" + name + "\"; there are " + known,
          std::move(field), "unknown_node"};
}

std::vector<PairId> in_order(const std::set<PairId>& pairs) {
  return {pairs.begin(), pairs.end()};
}

/// Groups as indices; checks names, empty groups and nodes named twice.
Result<std::vector<std::vector<NodeId>>> resolve(const Topology& topology, const Groups& groups) {
  if (groups.empty()) {
    return bad_field("empty_group", "groups", "name at least one group of nodes, as in n1 / n2,n3");
  }
  std::vector<std::vector<NodeId>> out;
  std::set<NodeId> seen;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::string field = "groups[" + std::to_string(g) + "]";
    if (groups[g].empty())
      return bad_field("empty_group", field, "a group needs at least one node");
    out.emplace_back();
    for (std::size_t i = 0; i < groups[g].size(); ++i) {
      const std::string place = field + "[" + std::to_string(i) + "]";
      const NodeId id = topology.find(groups[g][i]);
      if (id == kUnknownNode) return unknown_node(topology, groups[g][i], place);
      if (!seen.insert(id).second) {
        return bad_field(
            "duplicate_node", place,
            "node \"" + groups[g][i] + "\" is named twice; a node belongs to one group");
      }
      out.back().push_back(id);
    }
  }
  return out;
}

std::vector<NodeId> servers(const Topology& topology) {
  std::vector<NodeId> out;
  for (std::size_t i = 0; i < topology.size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (topology.at(id).role == NodeRole::server) out.push_back(id);
  }
  return out;
}

/// One end of a pair: `*` is every database node.
Result<std::vector<NodeId>> end_of_pair(const Topology& topology, const std::string& name,
                                        const std::string& field) {
  if (name == "*") return servers(topology);
  if (name == "unknown") return std::vector<NodeId>{kUnknownNode};
  const NodeId id = topology.find(name);
  if (id == kUnknownNode) return unknown_node(topology, name, field);
  return std::vector<NodeId>{id};
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> out;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == mark) {
      out.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Error bad_field(std::string id, std::string field, std::string message) {
  return {ErrorCode::invalid, std::move(message), std::move(field), std::move(id)};
}

Result<std::vector<PairId>> pairs_of_groups(const Topology& topology, const Groups& groups,
                                            bool one_way) {
  auto resolved = resolve(topology, groups);
  if (!resolved) return resolved.error();
  auto& sides = *resolved;
  if (sides.size() == 1) {  // isolate: the others are every database node that was not named
    std::vector<NodeId> rest;
    for (const NodeId id : servers(topology)) {
      if (std::find(sides[0].begin(), sides[0].end(), id) == sides[0].end()) rest.push_back(id);
    }
    sides.push_back(std::move(rest));
  }
  std::set<PairId> out;
  for (std::size_t a = 0; a < sides.size(); ++a) {
    for (std::size_t b = a + 1; b < sides.size(); ++b) {
      if (one_way && a != 0) continue;
      for (const NodeId from : sides[a]) {
        for (const NodeId to : sides[b]) {
          out.insert({from, to});
          if (!one_way) out.insert({to, from});
        }
      }
    }
  }
  if (out.empty()) {
    return bad_field("nothing_to_cut", "groups",
                     "there is no other database node to cut this group off from");
  }
  return in_order(out);
}

Result<std::vector<PairId>> pairs_of_names(const Topology& topology,
                                           const std::vector<Pair>& pairs) {
  if (pairs.empty()) return bad_field("bad_pairs", "pairs", "name at least one pair, as in n1:n2");
  std::set<PairId> out;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::string field = "pairs[" + std::to_string(i) + "]";
    const auto from = end_of_pair(topology, pairs[i].from, field + "[0]");
    if (!from) return from.error();
    const auto to = end_of_pair(topology, pairs[i].to, field + "[1]");
    if (!to) return to.error();
    if (pairs[i].from == pairs[i].to && pairs[i].from != "*") {
      return bad_field("self_pair", field,
                       "\"" + pairs[i].from + "\" to itself never passes the network");
    }
    for (const NodeId a : *from) {
      for (const NodeId b : *to) {
        if (a != b) out.insert({a, b});
      }
    }
  }
  if (out.empty()) return bad_field("nothing_to_cut", "pairs", "these pairs name no two nodes");
  return in_order(out);
}

Result<std::vector<Pair>> parse_pairs(std::string_view text, bool both) {
  if (text.size() > kTextMax)
    return bad_field("bad_pairs", "pairs", "this list of pairs is too long");
  std::vector<Pair> out;
  for (const std::string_view raw : split(text, ',')) {
    const std::string_view item = trim(raw);
    if (item == "*") {
      out.push_back({"*", "*"});
      continue;
    }
    const auto colon = item.find(':');
    const bool good = colon != std::string_view::npos && colon > 0 && colon + 1 < item.size() &&
                      item.find(':', colon + 1) == std::string_view::npos;
    if (!good) {
      return bad_field("bad_pairs", "pairs",
                       "\"" + std::string(item) +
                           "\" is not a pair; write A:B for the bytes that A "
                           "sends to B, as in n1:n2,n3:*");
    }
    Pair pair{std::string(item.substr(0, colon)), std::string(item.substr(colon + 1))};
    for (const std::string& name : {pair.from, pair.to}) {
      if (name != "*" && !valid_name(name)) {
        return bad_field("bad_pairs", "pairs", "\"" + name + "\" is not the name of a node");
      }
    }
    if (both) out.push_back({pair.to, pair.from});
    out.push_back(std::move(pair));
  }
  return out;
}

Result<Groups> parse_groups(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + " ";
  if (text.size() > kTextMax)
    return bad_field("bad_groups", "groups", "this list of groups is too long");
  Groups out;
  for (const std::string_view part : split(text, '/')) {
    out.emplace_back();
    std::string names(part);
    std::replace(names.begin(), names.end(), ' ', ',');  // "n2, n3" and "n2 n3" are lists, too
    for (const std::string_view raw : split(names, ',')) {
      const std::string_view name = trim(raw);
      if (!name.empty()) out.back().emplace_back(name);
    }
    if (out.back().empty()) {
      return bad_field(
          "bad_groups", "groups",
          "a group is empty; write nodes, and a slash between groups, as in n1 / n2,n3");
    }
  }
  return out;
}

}  // namespace sunder::control
