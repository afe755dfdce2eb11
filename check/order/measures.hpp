// Measures: how stale reads were, whether nodes agree in the end, how soon each serves again after a heal.
//
// History + fault windows → **measure_*** → rows → CheckResult (judged only where there is a bound), JSON, report.
// Definitions and JSON: docs/reference/checks.md. Thread: pure. Tested by tests/check/measures_test.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "check/check.hpp"

namespace sunder::check {

/// p50, p90, p99 and the greatest of some numbers.
struct Quantiles {
  std::int64_t p50 = 0;
  std::int64_t p90 = 0;
  std::int64_t p99 = 0;
  std::int64_t max = 0;
};

/// Stale reads of an age of at most `upper`, and above the bucket's before it.
struct AgeBucket {
  Nanos upper = 0;  ///< 1, 2 or 5 times a power of ten
  std::uint64_t reads = 0;
  friend bool operator==(const AgeBucket&, const AgeBucket&) = default;
};

/// How stale the answered reads of one part of the history were.
struct StalenessRow {
  std::string fault;  ///< reads asked in this window; empty: whenever
  std::string node;   ///< answered by this node; empty: by any
  std::uint64_t reads = 0;
  std::uint64_t stale =
      0;  ///< of these, with a value that had surely been overwritten before they were asked
  Quantiles age;  ///< over all reads: nanoseconds since the value was surely overwritten; 0: fresh
  Quantiles behind;  ///< over all reads: newer values that were surely there before
  /// Of the stale reads alone, from the first bucket that has one to the last, on a logarithmic scale.
  std::vector<AgeBucket> histogram = {};
};

struct Staleness {
  std::vector<StalenessRow> rows;  ///< the whole first, then by node, then by window
  std::uint64_t power = 0;         ///< reads that could have been stale
  // The read with the greatest age: indices of History::ops; kNone: none was stale.
  std::uint32_t worst = kNone;
  std::uint32_t overwriter = kNone;  ///< the write that had overwritten what it returned
  std::uint32_t shown_by =
      kNone;  ///< the operation that proves this write done: itself or a read of it
  Nanos worst_age = 0;
  std::uint64_t worst_behind = 0;
};

/// COST: O(n log n).
[[nodiscard]] Staleness measure_staleness(const History& history,
                                          const std::vector<FaultWindow>& windows);

/// {"fault":…,"node":…,"reads":…,"stale":…,"age_ns":{"p50":…},"behind":{…},"histogram":[[upper_ns,reads],…]}
[[nodiscard]] std::string staleness_json(const StalenessRow& row);

struct StalenessBound {
  Nanos age = kNever;  ///< most nanoseconds
  std::uint64_t behind = std::numeric_limits<std::uint64_t>::max();
  double share = 1;  ///< of stale reads
};
[[nodiscard]] CheckResult check_staleness(const History& history,
                                          const std::vector<FaultWindow>& windows,
                                          const std::optional<StalenessBound>& bound = {});

/// What the nodes show of one key after the last heal and the last write.
struct ConvergenceRow {
  enum class State : std::uint8_t { agreed, diverged, lost, unobserved };
  std::uint32_t key = kNone;  ///< into History::keys
  State state = State::unobserved;
  std::vector<std::uint32_t> finals;  ///< last read per node that was seen: indices of History::ops
  std::uint32_t lost = kNone;         ///< an acknowledged write that no final read reflects
  Nanos after =
      0;  ///< agreed: from the last heal (or last write) until every node shows it for good
};
[[nodiscard]] std::vector<ConvergenceRow> measure_convergence(
    const History& history, const std::vector<FaultWindow>& windows);

struct ConvergenceBound {
  Nanos within = kNever;  ///< from the last heal
};
[[nodiscard]] CheckResult check_convergence(const History& history,
                                            const std::vector<FaultWindow>& windows,
                                            const std::optional<ConvergenceBound>& bound = {});

/// When a node first answered after a heal.
struct RecoveryRow {
  std::string fault;
  Nanos healed_at = 0;
  std::string node;
  std::uint64_t asked = 0;     ///< operations asked of it after the heal, before the next window
  std::optional<Nanos> after;  ///< from the heal to its first ok answer; nothing: none came
};
[[nodiscard]] std::vector<RecoveryRow> measure_recovery(const History& history,
                                                        const std::vector<FaultWindow>& windows);
[[nodiscard]] CheckResult check_recovery(const History& history,
                                         const std::vector<FaultWindow>& windows,
                                         const std::optional<Nanos>& bound = {});

}  // namespace sunder::check
