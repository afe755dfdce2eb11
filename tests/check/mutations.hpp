// Mutations: a good history in which one thing went wrong, as databases go wrong.
//
// generated history → **mutate** → history with one bug → brute force and the checks (mutation_test.cpp).
// A mutation changes answers, not times. What it does to each data type stands in mutations.cpp.
// Thread: one.
#pragma once

#include <random>
#include <string_view>

#include "check/history.hpp"

namespace sunder::check::test {

enum class Mutation : std::uint8_t {
  stale_read,         ///< an answer from the past
  lost_write,         ///< acknowledged, and nobody sees it
  resurrected_write,  ///< surely failed, and seen
  swapped_session,    ///< two operations of one process took effect in the other order
  duplicate,          ///< happened twice, or is there twice
};
inline constexpr Mutation kMutations[] = {Mutation::stale_read, Mutation::lost_write,
                                          Mutation::resurrected_write, Mutation::swapped_session,
                                          Mutation::duplicate};
[[nodiscard]] const char* name_of(Mutation mutation);

/// `model`: a name of `sunder gen`. `sure`: only where the result is illegal by construction; the argument for each stands
/// beside it. RETURNS false where the history offers no place, and leaves it as it was.
bool mutate(History& history, std::string_view model, Mutation mutation, std::mt19937_64& dice,
            bool sure);

}  // namespace sunder::check::test
