// Judge of simulated runs: what the court says of what the clients of reference nodes saw.
//
// nodes/sim → SimRun → **history_of** → check::History → the court's checks → **Finding**.
// Thread: pure. Tested by tests/calibrate/calibrate_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "check/check.hpp"
#include "nodes/sim/sim.hpp"

namespace sunder::calibrate {

/// Which operations of a run: sets and counters are judged each for itself.
enum class Part : std::uint8_t { registers, sets, counters };

/// `key`: only this one; nothing: all.
[[nodiscard]] check::History history_of(const nodes::SimRun& run, unsigned nodes, Part part,
                                        std::optional<std::uint32_t> key = {});

struct Finding {
  check::Verdict verdict = check::Verdict::unknown;
  std::string text;         ///< the court's sentence
  std::uint64_t power = 0;  ///< observations that could have caught a violation
  std::size_t history = 0;  ///< fail: operations asked until the violation was complete
  std::size_t witness = 0;  ///< fail: operations of the witness
};

/// `check`: a name of check/checks/list.def; "convergence": fails where nodes differ after the final reads. Key by key where
/// the mode promises no more.
[[nodiscard]] Finding judge(const nodes::SimRun& run, const nodes::Mode& mode, unsigned nodes,
                            const std::string& check);

}  // namespace sunder::calibrate
