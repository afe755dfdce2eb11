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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/values.hpp"
#include "sunder/history.hpp"
#include "sunder/result.hpp"

namespace sunder::check {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;
inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

/// The contract's `f`.
enum class OpKind : std::uint8_t {
  read,
  write,
  cas,
  append,
  add,
  remove,
  enqueue,
  dequeue,
  drain,
  increment,
  transfer,
  acquire,
  release,
  txn,
  other,  ///< any other word: kept, judged by no check
};
[[nodiscard]] const char* name_of(OpKind kind);
/// OpKind::other for a word that the contract does not have.
[[nodiscard]] OpKind parse_op_kind(std::string_view f);
/// True where the value comes back with the answer (read, dequeue, drain, acquire).
[[nodiscard]] bool answers_with_value(OpKind kind);

struct Op {
  Nanos invoked = 0;
  Nanos completed = kNever;  ///< kNever: no completion in the file (then outcome is info)
  Nanos intended = -1;       ///< open loop: when it was meant to start; -1: closed loop
  std::int32_t process = 0;
  std::uint32_t invoke_event = kNone;    ///< `index` of the event in the file
  std::uint32_t complete_event = kNone;  ///< kNone: pending
  std::uint32_t key = kNone;             ///< into History::keys; kNone: unkeyed
  /// write, append, add, remove, enqueue, increment, transfer, release: what the invocation says; cas: new;
  /// read, dequeue, drain, acquire: what came back, kUnknown without an answer. Lists: History::values.list(value).
  ValueId value = kUnknown;
  ValueId old = kUnknown;       ///< cas: expected
  ValueId observed = kUnknown;  ///< cas that failed with mismatch: what was there, if told
  std::uint32_t txn = kNone;    ///< txn: which one of History::txn()
  std::uint16_t node = 0xFFFF;  ///< into History::nodes
  OpKind kind = OpKind::other;
  EventType outcome = EventType::info;  ///< ok, fail or info
  OpErrorClass error = OpErrorClass::none;
};

/// One micro-operation of a transaction. What the completion says wins; without one the reads are kUnknown.
struct Micro {
  enum class F : std::uint8_t { read, write, append };
  F f = F::read;
  std::uint32_t key = kNone;  ///< into History::keys
  ValueId value = kUnknown;   ///< read: what came back (a list where keys are appended to)
};

struct History {
  HistoryHeader header;
  std::vector<Op> ops;  ///< by invoke, as in the file
  std::vector<std::string>
      keys;  ///< as text ("k1", "7"); one empty key where operations are unkeyed
  ValueTable values;
  std::vector<std::string> nodes;
  ValueId initial = kAbsent;     ///< of every key
  std::string format = "jsonl";  ///< of the file
  bool real_time = true;         ///< false: the file says nothing about the order between processes
  std::uint64_t events = 0;      ///< lines read, without the header
  std::vector<std::string> warnings;  ///< "history.jsonl:812: torn last line, skipped"

  /// Bytes of memory held, for budgets.
  [[nodiscard]] std::uint64_t bytes() const {
    return ops.capacity() * sizeof(Op) + values.bytes() + micros.capacity() * sizeof(Micro) +
           txn_ends.capacity() * sizeof txn_ends[0] + keys.capacity() * (sizeof keys[0] + 48);
  }

  std::vector<Micro> micros;            ///< of all transactions, one after the other
  std::vector<std::uint64_t> txn_ends;  ///< transaction i is micros[txn_ends[i - 1], txn_ends[i])
  /// `index` is Op::txn.
  [[nodiscard]] std::span<const Micro> txn(std::uint32_t index) const {
    const std::uint64_t begin = index == 0 ? 0 : txn_ends[index - 1];
    return std::span(micros).subspan(begin, txn_ends[index] - begin);
  }
};
static_assert(sizeof(Op) <= 64, "10⁷ operations are to fit into memory");

/// What a file leaves open, and how to take it.
struct ReadPolicy {
  enum class Nil : std::uint8_t { absent, unknown };
  enum class FailedCas : std::uint8_t { as_told, mismatch, error };
  /// Initial value of every key, as JSON text; empty: from the header, or inferred where there is none (`infer`).
  std::string_view initial = {};
  bool infer = false;
  Nil nil = Nil::absent;  ///< an ok read of nil: the key is absent, or nobody knows
  FailedCas failed_cas = FailedCas::as_told;
};

struct Budget;

/// How to read: the contract's flags. Empty: the format's own default.
struct ReadOptions {
  std::string initial;     ///< JSON text
  std::string format;      ///< a name of check/readers/list.def; empty: by the file's first bytes
  std::string nil;         ///< absent, unknown
  std::string failed_cas;  ///< mismatch, error
  const Budget* budget = nullptr;  ///< none: no limit. Time counts from the call
};

/// Reads a history file of any known format (docs/reference/history.md).
/// ERRORS: invalid, with "file:line" and what was expected; io; timeout where a limit is exceeded, with the contract's CODE
/// as its id ("budget.time", "budget.memory", "interrupted"). A torn last line is a warning.
[[nodiscard]] Result<History> read_history(const std::string& path,
                                           const ReadOptions& options = {});

/// The events of the file with these indices, as their lines (for witnesses in JSON), in file order.
[[nodiscard]] Result<std::vector<std::string>> read_events(
    const std::string& path, const std::vector<std::uint32_t>& indices);

}  // namespace sunder::check
