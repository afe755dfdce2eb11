// search_events: the engine with as much room as a history needs.
//
// sorted events, a Machine → **search_events** → Search of the right width → SearchVerdict. Included by the two instances
// only: search.cpp (registers) and model_search.cpp (any model). Thread: pure. Tested by tests/check/search_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "check/search/depth_first.hpp"
#include "check/search/engine.hpp"

namespace sunder::check::engine {

// The ways of SearchWay, with masks of that many words.
template <std::size_t kWords, class Machine>
SearchVerdict search_as(SearchWay way, Machine& machine, const std::vector<Event>& events,
                        std::size_t ops, const std::vector<std::uint32_t>& initial,
                        const Deadline& deadline) {
  constexpr std::size_t kNarrow = 20'000;
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  const auto breadth_first = [&](std::size_t widest) {
    return Search<kWords, Machine>(machine, ops, deadline, widest).run(events, initial);
  };
  const auto depth_first = [&](const Deadline& end) {
    return DepthFirst<kWords, Machine>(machine, ops, end).run(events, initial);
  };
  using Outcome = SearchVerdict::Outcome;
  if (way == SearchWay::depth_first) return depth_first(deadline);
  if (way == SearchWay::breadth_first) return breadth_first(kNoLimit);
  auto verdict = breadth_first(kNarrow);
  if (verdict.outcome != Outcome::unknown || verdict.reason != kTooWide) return verdict;
  verdict = depth_first(deadline.half());
  if (verdict.outcome != Outcome::unknown) return verdict;
  if (const char* over = deadline.exceeded()) {
    verdict.reason = over;
    return verdict;
  }
  return breadth_first(kNoLimit);
}

// The search with the smallest mask that holds all operations that are open at one time. REQUIRES sorted events.
template <class Machine>
SearchVerdict search_events(Machine& machine, const std::vector<Event>& events, std::size_t ops,
                            const std::vector<std::uint32_t>& initial, const Deadline& deadline,
                            SearchWay way) {
  std::uint32_t open = 0;
  std::uint32_t most = 0;
  for (const Event& event : events) {
    event.ends ? --open : ++open;
    most = std::max(most, open);
  }
  if (most <= 64) return search_as<1>(way, machine, events, ops, initial, deadline);
  if (most <= 128) return search_as<2>(way, machine, events, ops, initial, deadline);
  if (most <= 256) return search_as<4>(way, machine, events, ops, initial, deadline);
  if (most <= kMostOpen) return search_as<16>(way, machine, events, ops, initial, deadline);
  SearchVerdict verdict;
  verdict.outcome = SearchVerdict::Outcome::unknown;
  verdict.reason = "budget.memory";
  return verdict;
}

}  // namespace sunder::check::engine
