// Operations of harness clients and their outcomes, as values between generator, worker, adapter and recorder.
//
// generator → **OpRequest** → adapter → **Outcome** → recorder. Values are whole numbers, unique per write.
//
//   kind                key            else                               an ok answer
//   read                of a value     -                                  value, or list of a collection
//   read                empty          accounts: all that are asked for   balances
//   write add increment of a value     value                              -
//   cas                 of a value     expected, value                    -
//   txn                 empty          txn                                lists: one of each read, in their order
//   transfer            empty          from, to, value: the amount        -
//   acquire             of the lock    value: who asks, never twice       value: the fencing token, where there is one
//   release             of the lock    value: who acquired it             -
// Thread: values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/history.hpp"
#include "sunder/history.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

/// One micro-operation of a transaction over lists.
struct MicroRequest {
  bool append = false;  ///< else a read of the list
  std::string key;
  std::int64_t value = 0;  ///< what is appended
};

struct OpRequest {
  check::OpKind kind = check::OpKind::read;
  std::string key = {};                       ///< empty: the operation has none
  std::int64_t value = 0;                     ///< cas: the new one
  std::optional<std::int64_t> expected = {};  ///< cas: the old one; nothing: the key must be absent
  std::vector<MicroRequest> txn = {};
  std::vector<std::string> accounts = {};
  std::string from = {};
  std::string to = {};
  Nanos after = 0;  ///< closed loop: it starts so long after the answer before it

  /// False where it changes nothing, whatever happened to it: a read, or a transaction of reads.
  [[nodiscard]] bool changes() const {
    if (kind != check::OpKind::txn) return kind != check::OpKind::read;
    return std::any_of(txn.begin(), txn.end(), [](const MicroRequest& op) { return op.append; });
  }
};

/// `ok`: took effect. `fail`: surely had no effect. `info`: nobody knows. An adapter that is not sure says info.
struct Outcome {
  EventType type = EventType::info;
  OpErrorClass error = OpErrorClass::none;  ///< none exactly when type is ok
  std::string text;                         ///< what the database or the system said; empty for ok
  std::optional<std::int64_t> value;  ///< read that is ok: the value; nothing: the key is absent
  std::optional<std::vector<std::int64_t>> list;  ///< read of a collection that is ok: its elements
  std::vector<std::optional<std::vector<std::int64_t>>>
      lists;                                     ///< txn that is ok: of each read; nothing: absent
  std::map<std::string, std::int64_t> balances;  ///< read of accounts that is ok; those that exist
  bool has_observed = false;             ///< cas with mismatch: the database told what was there
  std::optional<std::int64_t> observed;  ///< nothing: the key is absent

  /// An answer of the database: it did, or it looked and refused for the value's sake.
  [[nodiscard]] bool answered() const {
    return type == EventType::ok || error == OpErrorClass::mismatch;
  }
};

/// True where two reads were both answered, and with the same.
[[nodiscard]] inline bool same_answer(const Outcome& one, const Outcome& two) {
  return one.type == EventType::ok && two.type == EventType::ok && one.value == two.value &&
         one.list == two.list && one.balances == two.balances;
}

}  // namespace sunder::harness
