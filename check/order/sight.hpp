// Sight: session guarantees and causal consistency: is there an order of writes that explains every read?
//
// Sessions → **judge_sight** → nothing, or a Refutation → witness.hpp → CheckResult.
// A guarantee says which writes a read must have seen (Terry et al., PDIS 1994), and the read returns the last of these
// in one order of all writes, the arbitration (Viotti and Vukolić, CSUR 2016). That order is not recorded; a guarantee
// holds iff the order that reads force upon it has no cycle:
//   read-your-writes     a read has seen the writes of its session
//   monotonic-reads      … what earlier reads of its session returned
//   monotonic-writes     with a write, the earlier writes of its session; and arbitration keeps their order
//   writes-follow-reads  with a write, what its session had read before; and arbitration puts these first
// The last two can't be observed alone: a read that sees nothing but what it returns refutes neither. They are judged for a
// reader that has monotonic reads. All four under one arbitration are causal consistency with convergence, CCv, by the bad
// patterns CyclicCO, WriteCOInitRead, ThinAirRead and CyclicCF (Bouajjani, Enea, Guerraoui, Hamza, POPL 2017).
// COST: O(n · sessions) with all four or writes-follow-reads, else O(n) nearly; clocks of the writes in use only.
// Thread: pure. Tested by tests/check/sight_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "check/deadline.hpp"
#include "check/order/graph.hpp"
#include "check/order/sessions.hpp"

namespace sunder::check::order {

/// Which writes a read must have seen.
struct Sight {
  bool own_writes = false;    ///< read your writes
  bool own_reads = false;     ///< monotonic reads
  bool their_writes = false;  ///< monotonic writes
  bool their_reads = false;   ///< writes follow reads

  [[nodiscard]] bool all() const { return own_writes && own_reads && their_writes && their_reads; }
};

inline constexpr Sight kReadYourWrites{true, false, false, false};
inline constexpr Sight kMonotonicReads{false, true, false, false};
inline constexpr Sight kMonotonicWrites{false, true, true, false};
inline constexpr Sight kWritesFollowReads{false, true, false, true};
inline constexpr Sight kCausal{true, true, true, true};

/// Why no order explains the reads.
struct Refutation {
  std::vector<Edge> cycle;             ///< of nodes; empty where `initial_read` is set
  std::vector<std::uint32_t> through;  ///< cas nodes whose read stands between two of its nodes
  std::uint32_t initial_read = kNone;  ///< a read of the initial value …
  std::uint32_t missed = kNone;        ///< … that had seen this write of its key
};

/// An observation that could have refuted: an older value in its place would have.
struct Chance {
  std::uint32_t read = 0;
  std::uint32_t write = 0;  ///< the write that it had seen (the last found)
};

struct SightVerdict {
  std::optional<Refutation> refuted;
  const char* stopped = nullptr;  ///< CODE of the budget, where it ran out
  std::vector<Chance> chances;
};

/// REQUIRES: the flags are one of the five above.
[[nodiscard]] SightVerdict judge_sight(const Sessions& sessions, const Sight& sight,
                                       const Deadline& deadline, std::uint64_t memory_bytes);

/// What the model itself demands of the order: session order and reads-from, as far as `sight` keeps them.
[[nodiscard]] std::vector<Edge> base_edges(const Sessions& sessions, const Sight& sight);

}  // namespace sunder::check::order
