// Verdicts, measurements, and the windows in which faults were in force: what the court answers.
//
// A check takes a History (and where it needs them the fault windows) and returns a CheckResult; it has no socket and no
// clock but its budget's. Verdicts merge as fail > unknown > pass. A pass says "not refuted in N opportunities"; without
// any (`power` 0) it is unknown, `vacuous.no_power`.
// Thread: pure.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/history.hpp"
#include "sunder/topology.hpp"

namespace sunder::check {

enum class Verdict { pass, unknown, fail };
[[nodiscard]] const char* name_of(Verdict verdict);
/// fail > unknown > pass.
[[nodiscard]] inline Verdict merge(Verdict a, Verdict b) {
  return a > b ? a : b;
}

struct CheckResult {
  std::string name;  ///< "linearizable"
  Verdict verdict = Verdict::unknown;
  std::string reason;  ///< CODE of the contract ("vacuous.no_power", "budget.time", …); empty: none
  std::string text;    ///< one plain sentence
  std::string method;              ///< which theorem or search decided
  std::uint64_t power = 0;         ///< observations that could have caught a violation
  std::uint64_t power_inside = 0;  ///< of these, invoked while a fault window was open
  std::uint64_t power_across =
      0;  ///< of these, at another side than the acknowledged write they had to respect
  struct Keys {
    std::uint64_t pass = 0;
    std::uint64_t fail = 0;
    std::uint64_t unknown = 0;
  } keys;
  std::string key;                     ///< first failing key
  std::vector<std::uint32_t> witness;  ///< event indices, ascending; empty unless fail
  std::string measured;  ///< measurements: a JSON object (docs/reference/checks.md); else empty
};

/// One fault's time in force, as events.jsonl has it. Times on the history's clock.
struct FaultWindow {
  std::string name;         ///< "p1"
  std::string kind;         ///< "drop"
  Nanos from = 0;           ///< in force at
  Nanos to = kNever;        ///< heal asked at; kNever: never healed
  std::vector<Pair> pairs;  ///< node–node pairs cut
  bool vacuous = false;
  /// The parts into which the cut divides the server nodes, largest first; nodes that still reach each other both ways.
  std::vector<std::vector<std::string>> sides;
};

/// Availability of one side, operation and window: a row of results.json (CONTRACT.md).
struct AvailabilityRow {
  std::string fault;
  Nanos from = 0;
  Nanos to = 0;
  std::string side;  ///< isolated, minority, majority, all
  std::vector<std::string> nodes;
  std::string op;           ///< read, write, cas
  std::uint64_t asked = 0;  ///< = answered + errors + timeouts + late + censored
  std::uint64_t answered = 0;
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t late = 0;      ///< answered only after the heal
  std::uint64_t censored = 0;  ///< asked too near the end to tell
  Nanos settle = 0;
  Nanos timeout = 0;
  std::optional<Nanos>
      first_answer_after;  ///< from the window's start to the first answer asked inside it
  bool judged =
      true;  ///< false: window shorter than settle + 2 × timeout, or not offered in calm weather
  std::string note;            ///< why not judged, or what was left out; empty otherwise
  std::uint64_t left_out = 0;  ///< not in `asked`: they met an Outage
};

/// Limits of a check; looked at in the inner loops.
struct Budget {
  double seconds = 60;
  std::uint64_t memory_bytes = std::uint64_t{4} << 30U;
  const std::atomic<bool>* interrupted = nullptr;  ///< set by Ctrl-C
};

/// Linearizability of registers with unique writes and cas chains, per key, on so many threads.
/// check/checks/linearizable.cpp
[[nodiscard]] CheckResult check_linearizable(const History& history, const Budget& budget,
                                             const std::vector<FaultWindow>& windows = {},
                                             unsigned threads = 1);

/// A time in which a node can't be asked, as one that was killed. What is asked of it then, or waits for it, counts for
/// nobody: neither against the node nor for it.
struct Outage {
  std::string node;
  Nanos from = 0;
  Nanos to = kNever;
  std::string why;  ///< "n2 was killed (p3)"
  unsigned clients =
      0;  ///< not 0: only for one client, whose processes leave `client` when divided by this
  unsigned client = 0;
};

struct AvailabilityOptions {
  Nanos settle = 5 * kSecond;   ///< at most a third of the window is used
  Nanos timeout = 2 * kSecond;  ///< the clients' operation time-out
  std::vector<Outage> outages = {};
};
/// Measures; one row per window, side and operation kind, and side "all" for calm weather (fault "").
/// check/checks/availability.cpp
[[nodiscard]] std::vector<AvailabilityRow> measure_availability(
    const History& history, const std::vector<FaultWindow>& windows,
    const AvailabilityOptions& options);

/// Fault windows of an events.jsonl (docs/reference/history.md). `servers`: the names of the server nodes.
/// ERRORS: invalid with file:line; io.
[[nodiscard]] Result<std::vector<FaultWindow>> read_fault_windows(
    const std::string& path, const std::vector<std::string>& servers);

/// Names of all checks, as in check/checks/list.def.
[[nodiscard]] std::vector<std::string> known_checks();

/// One plain sentence for a witness, naming nodes, values, times and the fault in force.
[[nodiscard]] std::string explain_witness(const History& history, const CheckResult& result,
                                          const std::vector<FaultWindow>& windows);

}  // namespace sunder::check
