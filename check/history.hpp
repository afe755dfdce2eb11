// History: a recorded history in memory, as operations; what every check and the report read.
//
// file → read_history → **History** → checks → verdicts; History + verdicts → report.
// Events are paired by process into operations; keys, values and node names are interned, so that an operation is a few
// words and 10⁵ of them are nothing. Event indices are kept, for witnesses refer to events of the file.
// Thread: built by one thread, then read by any.
// Tested by tests/check/history_test.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sunder/history.hpp"
#include "sunder/result.hpp"

namespace sunder::check {

/// A value by number: equal values have equal ids within one History.
using ValueId = std::uint32_t;
inline constexpr ValueId kAbsent = 0;   ///< null: the key does not exist
inline constexpr ValueId kUnknown = 1;  ///< nobody knows: a read without an answer

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;
inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

enum class OpKind : std::uint8_t { read, write, cas, other };
[[nodiscard]] const char* name_of(OpKind kind);

struct Op {
  Nanos invoked = 0;
  Nanos completed = kNever;  ///< kNever: no completion in the file (then outcome is info)
  Nanos intended = -1;       ///< open loop: when it was meant to start; -1: closed loop
  std::int64_t process = 0;
  std::uint32_t invoke_event = kNone;    ///< `index` of the event in the file
  std::uint32_t complete_event = kNone;  ///< kNone: pending
  std::uint32_t key = kNone;             ///< into History::keys; kNone: unkeyed
  ValueId value = kUnknown;              ///< write: written; cas: new; read: returned
  ValueId old = kUnknown;                ///< cas: expected
  ValueId observed = kUnknown;           ///< cas that failed with mismatch: what was there, if told
  std::uint16_t node = 0xFFFF;           ///< into History::nodes
  OpKind kind = OpKind::other;
  EventType outcome = EventType::info;  ///< ok, fail or info
  OpErrorClass error = OpErrorClass::none;
};

struct History {
  HistoryHeader header;
  std::vector<Op> ops;  ///< by invoke, as in the file
  std::vector<std::string>
      keys;  ///< as text ("k1", "7"); one empty key where operations are unkeyed
  std::vector<std::string> values;  ///< by ValueId, as JSON text; [0] "null", [1] "?"
  std::vector<std::string> nodes;
  ValueId initial = kAbsent;          ///< of every key
  std::uint64_t events = 0;           ///< lines read, without the header
  std::vector<std::string> warnings;  ///< "history.jsonl:812: torn last line, skipped"
};

/// How to read: the contract's flags.
struct ReadOptions {
  std::string initial;  ///< JSON text; empty: from the header
};

/// Reads a history file (JSON Lines, docs/reference/history.md).
/// ERRORS: invalid, with "file:line" and what was expected; io. A torn last line is a warning.
[[nodiscard]] Result<History> read_history(const std::string& path,
                                           const ReadOptions& options = {});

/// The events of the file with these indices, as their lines (for witnesses in JSON), in file order.
[[nodiscard]] Result<std::vector<std::string>> read_events(
    const std::string& path, const std::vector<std::uint32_t>& indices);

}  // namespace sunder::check
