// Sessions: the register operations of a history that took effect, session by session, each read with its writer.
//
// History → **sessions_of** → sight (session guarantees, causal), serial (sequential) → witness → CheckResult.
// A session is a process; what a process does after an operation of unknown outcome is a new session, for that operation
// may take effect at any later time. All keys are judged together, for these models do not compose by key.
// What counts as a node:
//   read   ok, and its value known; it reads from the one write of that value, or from the initial value
//   write  ok; or of unknown outcome and read by a node (else it may never have happened, and nothing depends on it)
//   cas    as a write that also reads its old value; one that failed with a mismatch and tells what it saw is a read
// A read whose value several writes wrote says nothing certain and is left out (`unclear`): leaving out a read, or a write
// with all its readers, never makes a violation, so a refutation stays one; a pass does not (reason "input").
// Thread: values. Tested by tests/check/order_checks_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "check/history.hpp"

namespace sunder::check::order {

/// Node::from of a read of the initial value.
inline constexpr std::uint32_t kInitialWrite = 0xFFFFFFFE;

struct Node {
  std::uint32_t op = kNone;  ///< into History::ops
  std::uint32_t session = 0;
  std::uint32_t key = 0;
  std::uint32_t from =
      kNone;  ///< node that wrote what it read; kInitialWrite; kNone: reads nothing
  bool writes = false;
  bool pending = false;  ///< took effect only because a node reads it

  [[nodiscard]] bool reads() const { return from != kNone; }
  [[nodiscard]] bool reads_node() const { return from < kInitialWrite; }
};

struct Sessions {
  std::vector<Node> nodes;           ///< session after session, each in program order
  std::vector<std::uint32_t> first;  ///< by session: its first node; one more at the end
  std::size_t keys = 0;              ///< ids of keys are below this
  std::uint64_t unclear = 0;  ///< observations left out: nobody can tell whose value they saw
  std::uint64_t unused = 0;   ///< mismatches that do not tell what they saw
  // What no model allows; indices of History::ops, kNone: not seen.
  std::uint32_t thin_air = kNone;       ///< a read of a value that nobody wrote
  std::uint32_t aborted_read = kNone;   ///< a read of a value whose write surely failed
  std::uint32_t aborted_write = kNone;  ///< that write

  [[nodiscard]] std::size_t count() const { return first.empty() ? 0 : first.size() - 1; }
};

/// COST: O(n).
[[nodiscard]] Sessions sessions_of(const History& history);

/// Of these nodes (ascending) those that stand by themselves: a read needs its writer, and a write of unknown outcome
/// someone who reads it.
[[nodiscard]] std::vector<std::uint32_t> standing(const Sessions& whole,
                                                  std::vector<std::uint32_t> nodes);

/// The standing ones of these nodes (ascending) alone. A cas whose old value's writer is missing becomes a write.
[[nodiscard]] Sessions part_of(const Sessions& whole, std::span<const std::uint32_t> nodes);

/// Nodes of one sort, by key, session and position.
struct Runs {
  struct Run {
    std::uint32_t session = 0;
    std::uint32_t begin = 0;  ///< into `nodes`
    std::uint32_t end = 0;
  };
  std::vector<std::uint32_t> nodes;
  std::vector<Run> runs;
  std::vector<std::uint32_t> first;  ///< by key: into `runs`; one more at the end

  [[nodiscard]] std::span<const Run> of(std::uint32_t key) const {
    return {runs.data() + first[key], first[key + 1] - first[key]};
  }
  /// The last node of the run below `bound`, or kNone.
  [[nodiscard]] std::uint32_t last_below(const Run& run, std::uint32_t bound) const;
};

enum class Sort : std::uint8_t { writes, reads };  ///< reads: of written values, not the initial
[[nodiscard]] Runs runs_of(const Sessions& sessions, Sort sort);

}  // namespace sunder::check::order
