// Targets: whom a turn of a nemesis meets.
//
// NemesisSpec::targets + the cluster + the turn's dice → **choose_targets** → names of nodes.
//   leader, follower   asked for anew at each turn; of the followers one is drawn
//   one                a node, drawn
//   minority           (n − 1) / 2 nodes, at least one, drawn; majority: n / 2 + 1, drawn
//   all                every node
//   n1  or  n1,n2      these
// Thread: the one that calls. Tested by tests/harness/targets_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/nemesis.hpp"
#include "sunder/result.hpp"
#include "sunder/rng.hpp"

namespace sunder::harness {

/// True for the words above that are no node's name.
[[nodiscard]] bool is_role(const std::string& targets);
/// "n1,n2" → {"n1","n2"}. Pure.
[[nodiscard]] std::vector<std::string> split_names(const std::string& targets);
/// {"n1","n2"} → "n1,n2". Pure.
[[nodiscard]] std::string join_names(const std::vector<std::string>& names);

/// Those that need no question to the cluster: all but leader and follower. In the order of `nodes`. Pure.
[[nodiscard]] std::vector<std::string> draw_targets(const std::string& targets,
                                                    const std::vector<std::string>& nodes,
                                                    Rng dice);
/// RETURNS at least one node. ERRORS: timeout, when nobody leads; unsupported, where the system has no leader.
[[nodiscard]] Result<std::vector<std::string>> choose_targets(NemesisContext& context,
                                                              const std::string& targets);
/// The nodes that are not among `some`, in the cluster's order. Pure.
[[nodiscard]] std::vector<std::string> others_of(const std::vector<std::string>& nodes,
                                                 const std::vector<std::string>& some);
[[nodiscard]] std::vector<std::string> names_of(const Cluster& cluster);

}  // namespace sunder::harness
