// Shapes: from what people say ("n1 / n2,n3", "n1:n2,*:n3") to directed pairs.
//
// CLI words / API groups and pairs → **shapes** → std::vector<PairId> → Switchboard.
// A shape acts on the nodes that it names and on no other; a client is touched only when named. `*` in a pair stands for
// every database node. The result is sorted and has no pair twice.
// ERRORS: invalid or not_found; `where` is the field ("groups[0][1]", "pairs[2]"), `id` a short code (unknown_node,
// duplicate_node, empty_group, self_pair, bad_pairs, nothing_to_cut).
// Thread: pure. Tested by tests/control/shapes_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::control {

/// What is wrong with one field of a request. `id`: the error's word in the API's answer.
[[nodiscard]] Error bad_field(std::string id, std::string field, std::string message);

using Groups = std::vector<std::vector<std::string>>;

/// Nodes of different groups do not see each other: every pair between two groups, both ways. With `one_way` only what
/// the first group sends to the others. A single group is cut off from all other database nodes (isolate).
[[nodiscard]] Result<std::vector<PairId>> pairs_of_groups(const Topology& topology,
                                                          const Groups& groups, bool one_way);

/// Pairs by name, with `*` opened into all database nodes (a node and itself left out).
[[nodiscard]] Result<std::vector<PairId>> pairs_of_names(const Topology& topology,
                                                         const std::vector<Pair>& pairs);

/// The PAIRS grammar: `A:B` is the bytes that A sends to B; comma lists of these; A and B are nodes or `*`; a lone `*` is
/// `*:*`. `both` adds the other direction of each. Names are not looked up here.
[[nodiscard]] Result<std::vector<Pair>> parse_pairs(std::string_view text, bool both);

/// The words of `partition G / G …` → groups; a group is a comma list; `/` stands alone or inside a word.
[[nodiscard]] Result<Groups> parse_groups(const std::vector<std::string>& words);

}  // namespace sunder::control
