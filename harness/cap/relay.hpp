// Relay: a cause is overtaken by its effect: does the system show the effect without the cause?
//
//   A writes `cause` at the first node → B reads it at the second and writes `effect` there → C sees the effect at the
//   third, and reads the cause
//
// while the way first → third, and only that, is slow. Plain operations, recorded like all others: the checks judge them.
// An answer of C older than the cause that B had read refutes causal consistency (writes follow reads; Terry et al., PDIS
// 1994). Without such a race a system that keeps no order between keys looks causal, for nobody asked.
//
// And the crossing: two sessions each write one key and read the other's, and neither sees the other's write:
//
//   A writes `left` and reads `right`, both at the first node → C writes `right` and reads `left`, both at the third
//
// A's read came before C's write, so one order for all would have A's write before C's read (Lamport, IEEE TC 1979). A
// C that does not see it refutes sequential consistency, and no causal one.
// experiment → **Relays** → adapter → database; **Relays** → recorder; history → measure_relays → findings.
// Thread: run() makes one, which goes through A, B and C in turn, and joins it.
// Tested by tests/harness/cap_measure_test.cpp (measure) and tests/cluster/cap_test.py.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/worker.hpp"

namespace sunder::harness::cap {

/// Keys of their own: clients ask for other ones. Auditors read them too.
inline constexpr const char* kCauseKey = "cause";
inline constexpr const char* kEffectKey = "effect";
inline constexpr const char* kLeftKey = "left";
inline constexpr const char* kRightKey = "right";
inline constexpr std::array<const char*, 4> kRelayKeys{kCauseKey, kEffectKey, kLeftKey, kRightKey};
/// A, B and C: so many nodes, and so many process ids.
inline constexpr unsigned kRelayers = 3;

class Relays {
 public:
  /// LIFETIME: `shared` outlives it.
  explicit Relays(WorkerShared& shared);

  /// A relay and a crossing, again and again, along these three nodes, until `until` on the clock. Each run is three
  /// sessions of its own.
  /// ERRORS: the client namespace or the adapter is not there.
  [[nodiscard]] Status run(const std::vector<std::string>& along, Nanos until,
                           const StopCheck& stop);

 private:
  struct Runner;
  void relay(std::array<Runner, kRelayers>& runners, const StopCheck& over);
  void cross(std::array<Runner, kRelayers>& runners);

  WorkerShared& shared_;
  std::array<std::int64_t, kRelayers> processes_{};  ///< next ones
  std::int64_t last_value_;
};

}  // namespace sunder::harness::cap
