// EventLog: what happened to the network, in order, on the history's clock.
//
// Switchboard (applied commands) and POST /v1/events (notes) → **EventLog** → events.jsonl, and a bounded memory of the
// last lines for GET /v1/events. One JSON object a line: {"index":N,"time":T,"event":"partition|fault|heal|node|note",…};
// docs/reference/http-api.md names the fields. `time` is nanoseconds since t0.
// Each line is one write(2) to a file opened for appending, so that SIGKILL at any moment loses no finished line.
// Thread: any; a lock inside. Tested by tests/control/event_log_test.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "control/json_text.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::control {

class EventLog {
 public:
  static constexpr std::size_t kKept =
      10'000;  ///< lines in memory; older ones are in the file only

  /// Appends to the file at `path`; empty: memory only. ERRORS: io.
  static Result<std::unique_ptr<EventLog>> open(const std::string& path);

  /// Writes one line. RETURNS its index (0, 1, …).
  std::uint64_t append(Nanos time, std::string_view event, const JsonText& fields);

  struct Page {
    std::vector<std::string> lines;  ///< JSON objects, oldest first
    std::uint64_t next = 0;          ///< ask with this `since` for what comes after
    std::uint64_t oldest = 0;        ///< index of the oldest line in memory
  };
  /// Lines with index ≥ `since` that are in memory, at most `limit`.
  [[nodiscard]] Page since(std::uint64_t index, std::size_t limit = kKept) const;

 private:
  explicit EventLog(UniqueFd file) : file_(std::move(file)) {}

  mutable std::mutex mutex_;
  UniqueFd file_;
  bool file_failed_ = false;
  std::uint64_t next_ = 0;
  std::deque<std::string> kept_;
};

}  // namespace sunder::control
