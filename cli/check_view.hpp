// What `sunder check` found out about one file, and how it is shown.
//
// commands/check.cpp → **Judged** → text for people, one JSON object for scripts. Thread: the main thread.
// Tested by tests/cli/check_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"
#include "check/ladder.hpp"

namespace sunder::cli {

struct Judged {
  std::string file;
  std::string error;  ///< could not be read: "file:line: what was expected"
  check::History history;
  std::vector<check::FaultWindow> windows;
  std::vector<check::CheckResult> checks;
  std::optional<check::Ladder> ladder;  ///< its results are in `checks`, too
  std::optional<std::vector<check::AvailabilityRow>> rows;
  check::Verdict verdict = check::Verdict::unknown;
  std::string reason;
  double seconds = 0;
};

void print_text(const Judged& judged);
/// One line.
void print_json(const Judged& judged);

}  // namespace sunder::cli
