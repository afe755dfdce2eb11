// Trial: does netns mode work on this machine? It is built once for real, on a small scale, in a child that ends at once.
//
// `sunder doctor` → **try_netns** → one line for each step, in the order in which a session takes them. Nothing is left.
// Thread: REQUIRES the process's only thread. Tested by tests/cli/doctor_test.cpp.
#pragma once

#include <string>
#include <vector>

namespace sunder::cli {

struct TrialStep {
  std::string name;
  bool ok = false;
  std::string text;  ///< what was seen, or why it failed and what to change
};

/// The last step is the first one that failed, if any did.
[[nodiscard]] std::vector<TrialStep> try_netns();

}  // namespace sunder::cli
