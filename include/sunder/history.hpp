// Operations of clients as recorded: the events of a history, and the record of a history file's first line.
//
// A history is a sequence of events. An operation has an `invoke` event and at most one completion by the same process:
// `ok` (took effect), `fail` (surely had no effect) or `info` (unknown: it may take effect at any later time; the process
// id is never used again). `time` is CLOCK_MONOTONIC minus the header's t0, stamped before the request leaves and after
// the answer is in, so that [invoke, completion] encloses the operation.
// The file format is JSON Lines; see docs/reference/history.md. Read by check/, written by harness/recorder.
// Thread: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sunder/time.hpp"

namespace sunder {

enum class EventType : std::uint8_t { invoke, ok, fail, info };
[[nodiscard]] const char* name_of(EventType type);

/// The class of a failed or unknown operation.
enum class OpErrorClass : std::uint8_t {
  none,
  not_sent,  ///< the request never left: surely no effect
  refused,   ///< the connection was refused: surely no effect
  definite,  ///< the database said no before doing anything
  mismatch,  ///< a cas that observed another value
  timeout,   ///< no answer in time: unknown
  reset,     ///< the connection broke after the request was sent: unknown
};
[[nodiscard]] const char* name_of(OpErrorClass c);  // "not-sent", "refused", …

/// First line of a history file.
struct HistoryHeader {
  int version = 1;
  Nanos t0 = 0;
  std::string wall;              ///< RFC 3339
  std::string clock = "shared";  ///< "shared": every stamp from one clock; "foreign": several
  std::string initial = "null";  ///< initial value of every key, as JSON text; "null": absent
  std::uint64_t seed = 0;
  std::string suite;
  std::vector<std::string> nodes;
};

}  // namespace sunder
