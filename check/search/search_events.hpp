// search_events: the engine with as much room as a history needs.
//
// sorted events, a Machine → **search_events** → Search of the right width → SearchVerdict. Included by the two instances
// only: search.cpp (registers) and model_search.cpp (any model). Thread: pure. Tested by tests/check/search_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "check/search/engine.hpp"

namespace sunder::check::engine {

// The search with the smallest mask that holds all operations that are open at one time. REQUIRES sorted events.
template <class Machine>
SearchVerdict search_events(Machine& machine, const std::vector<Event>& events, std::size_t ops,
                            const std::vector<std::uint32_t>& initial, const Deadline& deadline) {
  std::uint32_t open = 0;
  std::uint32_t most = 0;
  for (const Event& event : events) {
    event.ends ? --open : ++open;
    most = std::max(most, open);
  }
  if (most <= 64) return Search<1, Machine>(machine, ops, deadline).run(events, initial);
  if (most <= 128) return Search<2, Machine>(machine, ops, deadline).run(events, initial);
  if (most <= 256) return Search<4, Machine>(machine, ops, deadline).run(events, initial);
  if (most <= kMostOpen) return Search<16, Machine>(machine, ops, deadline).run(events, initial);
  SearchVerdict verdict;
  verdict.outcome = SearchVerdict::Outcome::unknown;
  verdict.reason = "budget.memory";
  return verdict;
}

}  // namespace sunder::check::engine
