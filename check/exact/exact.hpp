// Exact: what a model knows of histories that need no search, for example a queue whose values are all different.
//
// operations of one partition → **Model::exact** → legal, or illegal with the few operations that show it, or nothing known:
// then the search decides. Brute force looks at what is said to be illegal before anybody else does.
// Thread: pure. Tested by tests/check/exact_test.cpp, against brute force on 100 000 random histories each.
#pragma once

#include <cstdint>
#include <vector>

#include "check/history.hpp"

namespace sunder::check {

struct Exact {
  enum class Says { nothing, legal, illegal };
  Says says = Says::nothing;
  /// illegal: operations (of the history) that no order explains, even with all others left out.
  std::vector<std::uint32_t> witness = {};
};

/// Of a queue that begins empty, where every value is put in once. `ops` by invocation, those that matter.
[[nodiscard]] Exact exact_fifo_queue(const History& history, const std::vector<std::uint32_t>& ops);
/// Of a set that begins empty, from which nothing is removed, and where every element is added once.
[[nodiscard]] Exact exact_growing_set(const History& history,
                                      const std::vector<std::uint32_t>& ops);
/// Of a text that begins absent or empty, and whose pieces reads tell: each written or appended once.
[[nodiscard]] Exact exact_growing_text(const History& history,
                                       const std::vector<std::uint32_t>& ops);

}  // namespace sunder::check
