// Search: the smallest suite that still fails, found by asking an oracle that is not always of the same opinion.
//
// openings, moves → **search** → oracle (a run of the suite; here only a function) → the best suite and how often it fails.
// Real runs are flaky, so one failure proves little: a smaller suite is taken over only if it fails in every one of
// `runs` trials, and is given up at its first pass. Where not even the first guesses fail that often, as often as the
// best of them is enough. As the luckiest of many candidates looks better than it is, the winner is run again `proofs`
// times; where that disappoints, the one before it is asked, which was larger and more reliable.
// Method: delta debugging (see moves.hpp), greedy, until no move helps or the time is used up.
// Thread: one. Pure but for oracle and clock. Tested by tests/harness/shrink_test.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "harness/probe.hpp"
#include "harness/suite.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::shrink {

/// Runs a suite once. RETURNS whether it failed in the way that is looked for. ERRORS: it can't be run; ends the search.
using Oracle = std::function<Result<bool>(const Suite& suite)>;

struct SearchOptions {
  Oracle oracle;
  unsigned runs = 3;             ///< trials of a candidate
  unsigned proofs = 10;          ///< runs of the winner
  unsigned enough = 9;           ///< of them must fail, or an earlier one is asked
  Nanos budget = 600 * kSecond;  ///< of all; the proof at the end has its share of it
  Nanos failed_by = -1;  ///< when the failure was proved, since the load began; negative: not known
  const Clock* clock = nullptr;
  StopCheck stop;  ///< true: end at once with the best so far
  std::function<void(const std::string& line)> say = {};  ///< progress
};

struct Found {
  Suite suite;
  unsigned failed = 0;  ///< of `runs` that were made of just this suite in the end
  unsigned runs = 0;
  unsigned trials = 0;         ///< runs of the whole search
  bool proved = false;         ///< the winner was run `proofs` times and failed in `enough` of them
  bool stopped = false;        ///< by stop()
  std::optional<Error> error;  ///< the oracle's: the search ended early
};

/// REQUIRES nemeses that are windows. RETURNS nothing where the failure did not come again in any first guess.
/// ERRORS: of the oracle, before anything was found.
[[nodiscard]] Result<std::optional<Found>> search(const Suite& suite, const SearchOptions& options);

}  // namespace sunder::harness::shrink
