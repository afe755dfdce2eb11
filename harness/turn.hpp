// A turn, whatever it breaks: begin, hold, mend, wait until the cluster serves again; with its lines, notes and records.
//
// nemeses/NAME.cpp makes a **Breakage** → **run_turn** → control client or cluster; log → results, schedule.toml.
// What has begun is mended, also when the run is stopped in the middle. Where nemeses overlap, the one that mends last
// waits for the cluster: before that nobody could say whose fault it still suffers from.
// Thread: the nemesis's. Tested by tests/harness/runner_test.cpp and tests/cluster/nemesis_test.py.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/nemesis.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

/// When something was broken, on the history's clock.
struct Begun {
  std::string name;  ///< of the fault: the wanted one, unless it was taken
  Nanos asked_at = 0;
  Nanos in_force_at = 0;
};

struct Breakage {
  std::vector<std::string> nodes;  ///< whom it meets
  std::string text;    ///< "cut p1: n1 | n2,n3 (drop)", but for the name: verb, and what
  std::string verb;    ///< "cut", "killed"
  std::string mended;  ///< "healed", "started again"
  std::function<Result<Begun>(const std::string& wanted)> begin;
  std::function<Status(const Begun& begun)> mend;
};

/// ERRORS: it could not be begun, or not be mended.
[[nodiscard]] Status run_turn(NemesisContext& context, const NemesisSpec& spec,
                              const std::string& wanted, const Breakage& breakage);

/// Notes that a turn is left out, and why; any other error than a time-out is passed on.
[[nodiscard]] Status skip_turn(NemesisContext& context, const Error& why);

}  // namespace sunder::harness
