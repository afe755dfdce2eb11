// See targets.hpp.
#include "harness/targets.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/config.hpp"

namespace sunder::harness {
namespace {

constexpr Nanos kLeaderTimeout = 10 * kSecond;
constexpr std::array<std::string_view, 6> kRoles{"leader",   "follower", "one",
                                                 "minority", "majority", "all"};

}  // namespace

bool is_role(const std::string& targets) {
  return std::find(kRoles.begin(), kRoles.end(), targets) != kRoles.end();
}

std::vector<std::string> split_names(const std::string& targets) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from <= targets.size();) {
    const std::size_t comma = std::min(targets.find(',', from), targets.size());
    out.push_back(targets.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

std::string join_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

std::vector<std::string> names_of(const Cluster& cluster) {
  std::vector<std::string> names;
  for (const NodeStatus& node : cluster.nodes()) names.push_back(node.name);
  return names;
}

std::vector<std::string> others_of(const std::vector<std::string>& nodes,
                                   const std::vector<std::string>& some) {
  std::vector<std::string> out;
  for (const std::string& node : nodes) {
    if (!among(some, node)) out.push_back(node);
  }
  return out;
}

std::vector<std::string> draw_targets(const std::string& targets,
                                      const std::vector<std::string>& nodes, Rng dice) {
  if (targets == "all") return nodes;
  std::size_t count = 0;
  if (targets == "one") count = 1;
  if (targets == "minority") count = std::max<std::size_t>(1, (nodes.size() - 1) / 2);
  if (targets == "majority") count = nodes.size() / 2 + 1;
  if (count == 0) return split_names(targets);
  std::vector<std::string> drawn = nodes;
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(drawn[i], drawn[i + dice.below(drawn.size() - i)]);
  }
  drawn.resize(count);
  return others_of(nodes, others_of(nodes, drawn));  // in their order
}

Result<std::vector<std::string>> choose_targets(NemesisContext& context,
                                                const std::string& targets) {
  const std::vector<std::string> nodes = names_of(*context.cluster);
  if (targets != "leader" && targets != "follower") {
    return draw_targets(targets, nodes, context.dice());
  }
  const auto leader =
      Probe(*context.cluster, *context.clock).find_leader(kLeaderTimeout, context.stop);
  if (!leader) return leader.error();
  if (targets == "leader") return std::vector<std::string>{*leader};
  const std::vector<std::string> followers = others_of(nodes, {*leader});
  return std::vector<std::string>{followers[context.dice().below(followers.size())]};
}

}  // namespace sunder::harness
