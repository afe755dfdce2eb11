// The folder of a failing run, as shrink needs it; and one more run of a smaller suite, as a process of its own.
//
// run folder → **read_failed_run** → search → **Trials** (sunder run … --out FOLDER) → failed in the same way, or not.
// Thread: one.
// Tested by tests/harness/shrink_test.cpp (reading) and tests/cluster/shrink_test.py.
#pragma once

#include <cstdint>
#include <string>

#include "harness/probe.hpp"
#include "harness/suite.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::shrink {

struct FailedRun {
  Suite schedule;     ///< the suite as it was run, its nemeses as windows
  std::string name;   ///< of the suite that was run
  std::string check;  ///< the check whose failure is looked for
  std::uint64_t seed = 0;
  Nanos duration = 0;    ///< of the run
  Nanos failed_by = -1;  ///< last event of the witness, since the load began; -1: not known
};

/// `check`: which one's failure; empty: the first that failed. ERRORS: not_found (no run folder), invalid (the run did not
/// fail, or not this check).
[[nodiscard]] Result<FailedRun> read_failed_run(const std::string& folder,
                                                const std::string& check);

/// Runs suites one after the other, each by a process of its own, in a process group of its own. Ctrl-C is passed on to
/// it as SIGINT, so that it heals and cleans up; if this process dies, it gets SIGTERM.
class Trials {
 public:
  /// `program`: sunder itself. `scratch`: an existing folder, for run folders that are removed again.
  Trials(std::string program, std::string scratch, std::uint64_t seed, std::string check,
         StopCheck stop)
      : program_(std::move(program)),
        scratch_(std::move(scratch)),
        seed_(seed),
        check_(std::move(check)),
        stop_(std::move(stop)) {}

  /// RETURNS whether the check failed. ERRORS: unavailable, the suite could not be run (tried twice).
  [[nodiscard]] Result<bool> run(const Suite& suite);

 private:
  struct Ended {
    int code = 0;
    bool stopped = false;
  };
  [[nodiscard]] Result<Ended> attempt(const std::string& suite_path, const std::string& out,
                                      Nanos limit);

  std::string program_;
  std::string scratch_;
  std::uint64_t seed_;
  std::string check_;
  StopCheck stop_;
};

}  // namespace sunder::harness::shrink
