// See campaign.hpp.
#include "calibrate/campaign.hpp"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <thread>

namespace sunder::calibrate {
namespace {

constexpr unsigned kBugOperations = 1600;

bool newer_is_shorter(const BugRow& row, const Finding& found, std::uint64_t seed) {
  if (row.caught == 0 || found.history != row.shortest)
    return found.history < row.shortest || row.caught == 0;
  return seed < row.shortest_seed;  // the same on any number of threads
}

// One seed of everything, into the tables; what is slow happens outside the lock.
class Tables {
 public:
  Tables(std::vector<const nodes::Mode*> modes, Campaign& out)
      : modes_(std::move(modes)), out_(out) {
    for (const nodes::Mode* mode : modes_) {
      for (const char* check : mode->promises) {
        PromiseRow row;
        row.mode = mode;
        row.check = check;
        out_.promises.push_back(row);
      }
      for (const nodes::Bug& bug : mode->bugs) {
        BugRow row;
        row.mode = mode;
        row.bug = &bug;
        out_.bugs.push_back(row);
      }
    }
  }

  void correct(std::uint64_t seed) {
    for (const nodes::Mode* mode : modes_) {
      const nodes::SimOptions options = correct_run(*mode, seed);
      const nodes::SimRun run = nodes::simulate(options);
      std::vector<Finding> findings;
      for (const char* check : mode->promises) {
        findings.push_back(judge(run, *mode, options.nodes, check));
      }
      const std::lock_guard lock(mutex_);
      count(run);
      auto finding = findings.begin();
      for (PromiseRow& row : out_.promises) {
        if (row.mode == mode) count(row, *finding++, seed);
      }
    }
  }

  void bugs(std::uint64_t seed) {
    for (BugRow& row : out_.bugs) {
      const nodes::SimOptions options = bug_run(*row.mode, *row.bug, seed);
      const nodes::SimRun run = nodes::simulate(options);
      const Finding found = judge(run, *row.mode, options.nodes, row.bug->check);
      const std::lock_guard lock(mutex_);
      ++row.seeds;
      if (found.verdict != check::Verdict::fail) continue;
      if (newer_is_shorter(row, found, seed)) {
        row.shortest = found.history;
        row.shortest_seed = seed;
        row.text = found.text;
      }
      row.witness = row.caught == 0 ? found.witness : std::min(row.witness, found.witness);
      ++row.caught;
    }
  }

 private:
  void count(const nodes::SimRun& run) {
    ++out_.runs;
    out_.operations += run.ops.size();
    out_.messages += run.messages;
    out_.lost += run.lost;
    out_.cuts += run.cuts;
    out_.pauses += run.pauses;
    out_.stops += run.stops;
  }
  static void count(PromiseRow& row, const Finding& found, std::uint64_t seed) {
    ++row.runs;
    row.power += found.power;
    if (found.verdict == check::Verdict::pass) ++row.passed;
    if (found.verdict == check::Verdict::unknown) ++row.unknown;
    if (found.verdict != check::Verdict::fail) return;
    if (row.alarms == 0 || seed < row.alarm_seed) {
      row.alarm_seed = seed;
      row.alarm_text = found.text;
    }
    ++row.alarms;
  }

  std::vector<const nodes::Mode*> modes_;
  Campaign& out_;
  std::mutex mutex_;
};

}  // namespace

nodes::SimOptions correct_run(const nodes::Mode& mode, std::uint64_t seed) {
  Rng rng(derive_seed(seed, {"correct", mode.name}));
  nodes::SimOptions options;
  options.mode = &mode;
  options.seed = seed;
  options.nodes = rng.chance(0.75) ? 3 : 5;
  options.clients = options.nodes == 3 ? 6 : 5;
  options.keys = 2 + static_cast<unsigned>(rng.below(2));
  options.operations = 20 + static_cast<unsigned>(rng.below(41));
  options.rough = rng.chance(0.3);
  return options;
}

nodes::SimOptions bug_run(const nodes::Mode& mode, const nodes::Bug& bug, std::uint64_t seed) {
  nodes::SimOptions options;
  options.mode = &mode;
  options.bug = bug.name;
  options.seed = seed;
  options.operations = kBugOperations;
  if (mode.offer ==
      nodes::Offer::collections) {  // judged by the final reads: a short run is enough
    options.operations = 20 + static_cast<unsigned>(Rng(derive_seed(seed, {bug.name})).below(61));
  }
  // One key makes clients meet; collections need two (a set, a counter), causes across keys some more.
  options.keys = mode.offer == nodes::Offer::collections                    ? 2
                 : std::string_view(bug.check) == "causal" && !mode.per_key ? 4
                                                                            : 1;
  // Compare-and-sets are half of the changes; elsewhere a write is to be seen often before the next.
  options.changes = mode.offer == nodes::Offer::cas ? 0.4 : 0.2;
  options.rough = true;
  return options;
}

Result<Campaign> run_campaign(const CampaignOptions& options) {
  std::vector<const nodes::Mode*> modes;
  if (options.mode.empty()) {
    modes.assign(nodes::all_modes().begin(), nodes::all_modes().end());
  } else {
    const auto mode = nodes::find_mode(options.mode);
    if (!mode) return mode.error();
    modes.push_back(*mode);
  }
  Campaign out;
  const std::uint64_t correct = (options.runs + modes.size() - 1) / modes.size();
  const std::uint64_t rounds = std::max(correct, options.seeds);
  Tables tables(std::move(modes), out);
  std::atomic<std::uint64_t> next{0};
  const auto work = [&] {
    for (std::uint64_t i = next++; i < rounds; i = next++) {
      if (options.interrupted != nullptr && *options.interrupted) return;
      if (i < correct) tables.correct(options.first_seed + i);
      if (i < options.seeds) tables.bugs(options.first_seed + i);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 1; t < options.threads; ++t) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return out;
}

}  // namespace sunder::calibrate
