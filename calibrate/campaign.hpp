// Campaign: many seeded runs of reference nodes, correct ones and ones with a planted bug, each judged by the court.
//
// CampaignOptions → nodes/sim, calibrate/judge, on several threads → **Campaign**: alarms of correct modes (there must be
// none), share of seeds that catch each bug → calibrate/table → text, Markdown.
// Every run is named by mode, bug and seed, and comes out the same again. Tested by tests/calibrate/calibrate_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "calibrate/judge.hpp"
#include "nodes/mode.hpp"
#include "sunder/result.hpp"

namespace sunder::calibrate {

struct CampaignOptions {
  std::uint64_t runs = 100'000;  ///< of correct modes, shared out evenly
  std::uint64_t seeds = 1'000;   ///< per bug
  std::uint64_t first_seed = 1;
  unsigned threads = 2;
  std::string mode;  ///< only this one; empty: all
  const std::atomic<bool>* interrupted = nullptr;
};

/// One promise of one correct mode.
struct PromiseRow {
  const nodes::Mode* mode = nullptr;
  std::string check;
  std::uint64_t runs = 0;
  std::uint64_t passed = 0;
  std::uint64_t unknown = 0;  ///< without power, or over budget
  std::uint64_t alarms = 0;
  std::uint64_t power = 0;       ///< of all runs
  std::uint64_t alarm_seed = 0;  ///< the smallest
  std::string alarm_text;
};

struct BugRow {
  const nodes::Mode* mode = nullptr;
  const nodes::Bug* bug = nullptr;
  std::uint64_t seeds = 0;
  std::uint64_t caught = 0;
  std::uint64_t shortest_seed = 0;  ///< of the shortest history that shows it
  std::size_t shortest = 0;         ///< operations asked until then
  std::size_t witness = 0;          ///< operations of the smallest witness
  std::string text;                 ///< the court's sentence about the shortest
};

struct Campaign {
  std::vector<PromiseRow> promises;
  std::vector<BugRow> bugs;
  std::uint64_t runs = 0;  ///< of correct modes
  std::uint64_t operations = 0;
  std::uint64_t messages = 0;
  std::uint64_t lost = 0;
  std::uint64_t cuts = 0;
  std::uint64_t pauses = 0;
  std::uint64_t stops = 0;
};

/// A run of a correct mode: 20 to 60 operations, 2 or 3 keys, 3 or 5 nodes, by its seed.
[[nodiscard]] nodes::SimOptions correct_run(const nodes::Mode& mode, std::uint64_t seed);
/// A run with a bug: longer, so that one run is enough.
[[nodiscard]] nodes::SimOptions bug_run(const nodes::Mode& mode, const nodes::Bug& bug,
                                        std::uint64_t seed);

/// ERRORS: not_found (the mode).
[[nodiscard]] Result<Campaign> run_campaign(const CampaignOptions& options);

}  // namespace sunder::calibrate
