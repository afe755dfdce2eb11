// Gilbert–Lynch: which step of the theorem's proof a system gives up when its network is cut.
//
// The proof ("Brewer's conjecture", SIGACT News 2002, theorem 1) cuts the network, writes at one side, reads at the other,
// and lets the system choose: the write is not acknowledged, the read is not answered, or the answer is stale. A fourth
// end is impossible under an effective cut; where it is seen, the cut leaked or was too short.
// history + cuts → **gilbert_lynch** → one sentence a cut, for the run's words. Reads are compared with the last write
// acknowledged on another side, within the cut, before they were asked. Thread: pure.
// Tested by tests/harness/gilbert_lynch_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"

namespace sunder::harness {

enum class ProofStep { no_acknowledgement, no_answer, stale_answer, nothing, not_asked };

struct ProofReplay {
  std::string fault;
  ProofStep gave_up = ProofStep::not_asked;
  std::string text;  ///< one plain sentence
};

/// One entry per cut that divides the nodes, in their order. What was asked in the first `settle` of a cut does not count
/// (at most a third of it).
[[nodiscard]] std::vector<ProofReplay> gilbert_lynch(const check::History& history,
                                                     const std::vector<check::FaultWindow>& windows,
                                                     Nanos settle);

}  // namespace sunder::harness
