// model_search: linearizability of any model, by the engine of search.hpp over a Machine's interned states.
//
// operations of one partition, a Machine → **model_search** → SearchVerdict. Transitions are remembered by (state, what the
// operation says), so that a machine is asked once for each (a graph of states, as Knossos memoizes its models).
// Thread: pure. Tested by tests/check/models_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "check/deadline.hpp"
#include "check/models/model.hpp"
#include "check/search/search.hpp"

namespace sunder::check {

/// True if the operation can matter: it had or may have had an effect, or its answer is an observation.
[[nodiscard]] bool matters(const Machine& machine, const Op& op);

/// `ops`: indices into history.ops of one partition, by invocation; those that do not matter are left out here.
/// `initial`: states that it may begin in. `stuck` of the verdict is an index into `ops`.
[[nodiscard]] SearchVerdict model_search(const History& history,
                                         const std::vector<std::uint32_t>& ops, Machine& machine,
                                         const std::vector<StateId>& initial,
                                         const Deadline& deadline, SearchWay way = SearchWay::both);

}  // namespace sunder::check
