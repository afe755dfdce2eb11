// RegisterOp: an operation on one key as the deciders see it: an interval, what it observes, what it leaves behind.
//
// History → register_keys → **RegisterOp lists** (one a key) → zones (polynomial) or search (bounded) → witness.
// The translation fixes what each outcome means:
//   read   ok: observes its value. Else it says nothing and is left out.
//   write  ok: took effect. info: may take effect at any later time, or never. fail: never; kept as `aborted`, because a
//          read of its value is then explained better.
//   cas    ok: observes old and leaves new. info: both or nothing. fail with mismatch: observes what it saw (`differs`
//          where only "not old" is known). Any other fail says nothing. A cas from v to v that succeeded is a read of v.
// Precedence: a before b iff a.end < b.begin; equal stamps are concurrent.
// Thread: values. Tested by tests/check/linearizable_test.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "check/history.hpp"

namespace sunder::check {

enum class RegisterKind : std::uint8_t {
  read,        ///< observes `in`
  write,       ///< leaves `out`
  cas,         ///< observes `in` and leaves `out`, at one instant
  differs,     ///< observes that the value is not `in`
  impossible,  ///< a cas that failed although it observed the value it expected: no legal answer
  aborted,     ///< a write or cas of `out` that surely failed
};

struct RegisterOp {
  Nanos begin = 0;
  Nanos end = 0;  ///< kNever where `pending`
  ValueId in = kUnknown;
  ValueId out = kUnknown;
  std::uint32_t op = kNone;  ///< into History::ops
  RegisterKind kind = RegisterKind::read;
  bool pending = false;  ///< may have taken effect, or not

  [[nodiscard]] bool observes() const {
    return kind == RegisterKind::read || kind == RegisterKind::cas;
  }
  /// May leave a value behind.
  [[nodiscard]] bool produces() const {
    return kind == RegisterKind::write || kind == RegisterKind::cas;
  }
};

inline constexpr Nanos kEver = std::numeric_limits<Nanos>::min();

/// All that is to be judged of one key.
struct RegisterKey {
  std::uint32_t key = kNone;    ///< into History::keys
  std::vector<RegisterOp> ops;  ///< by begin
  ValueId initial = kAbsent;
  bool foreign =
      false;  ///< operations of another data type touch it: a register's rules do not hold
};

/// The keys with register operations, in the order of History::keys.
[[nodiscard]] std::vector<RegisterKey> register_keys(const History& history);

}  // namespace sunder::check
