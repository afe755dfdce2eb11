// Operations of harness clients and their outcomes, as values between generator, worker, adapter and recorder.
//
// generator → **OpRequest** → adapter → **Outcome** → recorder. Values are whole numbers, unique per write.
// Thread: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/history.hpp"
#include "sunder/history.hpp"

namespace sunder::harness {

struct OpRequest {
  check::OpKind kind = check::OpKind::read;  ///< read, write, cas, add or increment
  std::string key;
  std::int64_t value = 0;                ///< write, add, increment: the value; cas: the new one
  std::optional<std::int64_t> expected;  ///< cas: the old one; nothing: the key must be absent
};

/// `ok`: took effect. `fail`: surely had no effect. `info`: nobody knows. An adapter that is not sure says info.
struct Outcome {
  EventType type = EventType::info;
  OpErrorClass error = OpErrorClass::none;  ///< none exactly when type is ok
  std::string text;                         ///< what the database or the system said; empty for ok
  std::optional<std::int64_t> value;  ///< read that is ok: the value; nothing: the key is absent
  std::optional<std::vector<std::int64_t>> list;  ///< read of a collection that is ok: its elements
  bool has_observed = false;             ///< cas with mismatch: the database told what was there
  std::optional<std::int64_t> observed;  ///< nothing: the key is absent

  /// An answer of the database: it did, or it looked and refused for the value's sake.
  [[nodiscard]] bool answered() const {
    return type == EventType::ok || error == OpErrorClass::mismatch;
  }
};

}  // namespace sunder::harness
