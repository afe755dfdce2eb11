// Moves: how a failing suite may be made smaller, one suggestion at a time.
//
// suite → **moves** → search (which asks the oracle whether the smaller one still fails). Every suite here is a schedule:
// its nemeses are windows (`at`). A move never adds anything: fewer windows, less time before, between and after them,
// shorter ones, fewer clients, keys and pairs. What stays of a failure by itself (size of the cluster, rate, kind of cut)
// is left alone, for that is the user's question.
// Dropping parts in ever smaller chunks is ddmin of Zeller and Hildebrandt, "Simplifying and isolating failure-inducing
// input", IEEE TSE 28(2), 2002, section 3, in its complement form.
// Thread: pure. Tested by tests/harness/shrink_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/suite.hpp"

namespace sunder::harness::shrink {

struct Move {
  Suite suite;
  std::string text;  ///< what is less, for the progress output: "1 window instead of 3"
};

/// The suite with this check alone, and without demands on power.
[[nodiscard]] Suite focused(const Suite& suite, const std::string& check);

/// First guesses, the boldest first and the whole suite last. `failed_by`: when the failure was proved, since the load
/// began; negative: not known.
[[nodiscard]] std::vector<Move> openings(const Suite& suite, Nanos failed_by);

/// Ways to make a suite smaller in one respect, the boldest first. Empty: it is as small as it gets there.
using MoveMaker = std::vector<Move> (*)(const Suite& suite);
[[nodiscard]] const std::vector<MoveMaker>& move_makers();

/// Which of `count` parts to drop: all, halves, quarters, …, single ones. Each a half-open range.
struct Range {
  std::size_t from = 0;
  std::size_t to = 0;
};
[[nodiscard]] std::vector<Range> chunks_to_drop(std::size_t count);

/// End of the last window; 0 where there is none.
[[nodiscard]] Nanos end_of(const Suite& suite);

/// "1 window of 300ms, 2 clients, 1 key, 2 pairs cut, load of 600ms"
[[nodiscard]] std::string describe(const Suite& suite);

}  // namespace sunder::harness::shrink
