// CheckRequest: what the words after `sunder check` ask for.
//
// words → **CheckRequest** → commands/check.cpp. Thread: the main thread. Tested by tests/cli/check_test.cpp.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"

namespace sunder::cli {

struct CheckRequest {
  std::vector<std::string> files;
  std::vector<std::string> checks;  ///< empty: the strongest of the model seen
  std::string model;                ///< empty: by the operations seen
  std::string convert;              ///< a name of check/writers/list.def; empty: judge
  check::ReadOptions reading;
  check::Budget budget;
  bool negative_balances = true;  ///< of a bank
  bool ladder = false;
  bool json = false;
  std::string annotations = "auto";  ///< github, none
};

/// RETURNS an exit code where the words say all (--help) or are wrong. `interrupted`: set by Ctrl-C.
[[nodiscard]] std::optional<int> parse_check_words(const std::vector<std::string>& words,
                                                   const std::atomic<bool>& interrupted,
                                                   CheckRequest& request);

}  // namespace sunder::cli
