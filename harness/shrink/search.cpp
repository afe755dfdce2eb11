// See search.hpp.
#include "harness/shrink/search.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "harness/shrink/moves.hpp"

namespace sunder::harness::shrink {
namespace {

constexpr std::size_t kStepsBack = 4;
constexpr unsigned kLeastProofs = 3;  // also where the time is used up

struct Tally {
  unsigned failed = 0;
  unsigned runs = 0;
};

struct Candidate {
  Suite suite;
  Tally tally;
};

std::string of_text(const Tally& tally) {
  return "failed in " + std::to_string(tally.failed) + " of " + std::to_string(tally.runs);
}

class Search {
 public:
  explicit Search(const SearchOptions& options)
      : options_(options), deadline_(options.clock->now() + options.budget) {}

  Result<std::optional<Found>> run(const Suite& suite);

 private:
  Result<bool> open(const Suite& suite);
  bool sweep();
  bool advance(MoveMaker maker);
  Tally try_out(const Suite& suite, unsigned runs, unsigned passes_allowed, bool proof = false);
  void prove();
  void say(const std::string& line) const {
    if (options_.say) options_.say(line);
  }
  [[nodiscard]] bool over() const { return stopped_ || error_.has_value(); }
  [[nodiscard]] bool time_left() const;

  const SearchOptions& options_;
  const Nanos deadline_;
  std::vector<Candidate> kept_;  // from the opening to the smallest
  std::set<std::string> tried_;  // texts of suites that did not fail often enough
  unsigned need_ = 1;            // failures among options_.runs that a candidate must show
  unsigned trials_ = 0;
  Nanos trial_took_ = 0;  // the last one
  bool stopped_ = false;
  bool proved_ = false;
  std::optional<Error> error_;
};

// The proof at the end has its share of the time, twice: the winner may disappoint.
bool Search::time_left() const {
  const Nanos reserve = std::min(2 * trial_took_ * options_.proofs, options_.budget / 2);
  return options_.clock->now() + reserve < deadline_;
}

// Up to `runs` trials; given up as soon as more than `passes_allowed` did not fail, and a proof when the time is used up.
Tally Search::try_out(const Suite& suite, unsigned runs, unsigned passes_allowed, bool proof) {
  Tally tally;
  while (tally.runs < runs && tally.runs - tally.failed <= passes_allowed) {
    if (options_.stop && options_.stop()) stopped_ = true;
    if (over()) break;
    if (proof && tally.runs >= kLeastProofs && options_.clock->now() >= deadline_) break;
    const Nanos begin = options_.clock->now();
    auto failed = options_.oracle(suite);
    if (options_.stop && options_.stop()) stopped_ = true;
    if (stopped_) break;  // a trial that was cut short says nothing
    if (!failed) {
      error_ = failed.error();
      break;
    }
    trial_took_ = options_.clock->now() - begin;
    ++trials_;
    ++tally.runs;
    if (*failed) ++tally.failed;
  }
  return tally;
}

// The boldest guess that fails every time; else the one that fails most often. RETURNS whether there is one.
Result<bool> Search::open(const Suite& suite) {
  std::optional<Candidate> best;
  for (Move& move : openings(suite, options_.failed_by)) {
    const Tally tally = try_out(move.suite, options_.runs, options_.runs);
    if (over() && tally.runs < options_.runs && tally.failed == 0) break;
    say(move.text + ": " + of_text(tally));
    // The larger of two with the same share gives way.
    if (tally.failed > 0 && (!best || tally.failed > best->tally.failed)) {
      best = Candidate{std::move(move.suite), tally};
    }
    if (over() || !time_left() || (best && best->tally.failed == options_.runs)) break;
  }
  if (!best && error_) return *error_;
  if (!best) return false;
  need_ = std::max(1U, std::min(best->tally.failed, options_.runs));
  kept_.push_back(std::move(*best));
  return true;
}

// One respect, as far as it goes.
bool Search::advance(MoveMaker maker) {
  bool any = false;
  for (bool again = true; again && !over();) {
    again = false;
    for (Move& move : maker(kept_.back().suite)) {
      if (over() || !time_left()) return any;
      if (!tried_.insert(suite_toml(move.suite)).second) continue;
      const Tally tally = try_out(move.suite, options_.runs, options_.runs - need_);
      const bool fails = tally.failed >= need_;
      if (over() && !fails) return any;
      say(move.text + ": " + of_text(tally) + (fails ? ", kept" : ""));
      if (!fails) continue;
      kept_.push_back({std::move(move.suite), tally});
      any = again = true;
      break;  // the moves of the new one
    }
  }
  return any;
}

bool Search::sweep() {
  bool any = false;
  for (const MoveMaker maker : move_makers()) any = advance(maker) || any;
  return any;
}

// The smallest that keeps failing; else the most reliable of the last few.
void Search::prove() {
  std::optional<Candidate> best;
  std::size_t at = kept_.size();
  for (std::size_t step = 0; step <= kStepsBack && at > 0 && !over(); ++step) {
    if (step > 0 && !time_left()) break;
    Candidate& candidate = kept_[--at];
    const bool last_chance = step == kStepsBack || at == 0;
    const unsigned allowed = options_.proofs - std::min(options_.enough, options_.proofs);
    const Tally tally =
        try_out(candidate.suite, options_.proofs, last_chance ? options_.proofs : allowed, true);
    if (tally.runs == 0) break;
    say("proof, " + describe(candidate.suite) + ": " + of_text(tally));
    const bool more = !best || tally.failed * best->tally.runs > best->tally.failed * tally.runs;
    if (more) best = Candidate{candidate.suite, tally};
    proved_ = tally.runs == options_.proofs && tally.failed >= options_.enough;
    if (proved_) break;
  }
  if (!best) return;
  // What was given up early and is the best all the same: the share that is told is of all its runs.
  const unsigned left = options_.proofs - best->tally.runs;
  const Tally rest = try_out(best->suite, left, left, true);
  best->tally.failed += rest.failed;
  best->tally.runs += rest.runs;
  kept_.push_back(std::move(*best));
}

Result<std::optional<Found>> Search::run(const Suite& suite) {
  for (const NemesisSpec& spec : suite.nemeses) SUNDER_ASSERT(spec.window());
  const auto opened = open(suite);
  if (!opened) return opened.error();
  if (!*opened) return std::optional<Found>();
  while (!over() && time_left() && sweep()) {
  }
  if (!over()) prove();
  Found found;
  found.suite = kept_.back().suite;
  found.failed = kept_.back().tally.failed;
  found.runs = kept_.back().tally.runs;
  found.trials = trials_;
  found.proved = proved_;
  found.stopped = stopped_;
  found.error = error_;
  return std::optional<Found>(std::move(found));
}

}  // namespace

Result<std::optional<Found>> search(const Suite& suite, const SearchOptions& options) {
  return Search(options).run(suite);
}

}  // namespace sunder::harness::shrink
