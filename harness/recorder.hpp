// Recorder: the history of a run, one append-only file of JSON lines, written as it happens.
//
// worker → **Recorder** → history.jsonl → checks. An invoke line is in the file (write(2), the page cache) before the
// request leaves, a completion line right after the answer is in; so a SIGKILL of the harness at any moment loses no
// completed record, and a reader never sees a write's effect without its invoke. No fsync on the hot path; sync() at
// the end. Stamps are taken under the lock that orders the lines, so that line order = index order = time order.
// Format: CONTRACT, docs/reference/history.md. Thread: any. Tested by tests/harness/recorder_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/fd.hpp"
#include "harness/operation.hpp"
#include "sunder/history.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

class Recorder {
 public:
  /// Makes the file (which must not exist) and writes the header. LIFETIME: `clock` outlives the recorder.
  [[nodiscard]] static Result<std::unique_ptr<Recorder>> create(const std::string& path,
                                                                const HistoryHeader& header,
                                                                const Clock& clock);

  /// Stamps and writes an invoke. `intended`: on the history's clock; negative: closed loop. RETURNS the stamp (on the
  /// history's clock); the request may leave now.
  Nanos invoke(std::int64_t process, const OpRequest& request, const std::string& node,
               Nanos intended = -1);
  /// Stamps and writes the completion; call right after the answer is in. RETURNS the stamp.
  Nanos complete(std::int64_t process, const OpRequest& request, const Outcome& outcome,
                 const std::string& node);

  /// All records so far are on the disk. ERRORS: io, also when an earlier write failed (a full disk).
  Status sync();
  /// The first failure to write, if any; looked at by the runner while it waits.
  [[nodiscard]] Status health() const;
  [[nodiscard]] std::uint64_t events() const;

 private:
  Recorder(UniqueFd fd, Nanos t0, const Clock& clock);
  Nanos append(const std::string& after_time);

  UniqueFd fd_;
  const Nanos t0_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // orders stamps, indices and lines; held for a few microseconds
  std::uint64_t next_index_ = 0;
  Status failed_;
};

}  // namespace sunder::harness
