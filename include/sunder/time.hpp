// Time in sunder: integer nanoseconds of one monotonic clock.
//
// Operations of clients and events of faults are stamped by the same CLOCK_MONOTONIC, so "before" and "after" between
// them need no clock synchronisation. Files and the API carry `time - t0` (t0: the origin in the history's header).
// The clock is injected, so that tests run in virtual time.
// Thread: a Clock may be read from any thread.
#pragma once

#include <cstdint>

namespace sunder {

/// Nanoseconds: a moment of CLOCK_MONOTONIC, or a duration. Signed, so that differences are safe.
using Nanos = std::int64_t;

inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Nanos now() const noexcept = 0;
};

/// CLOCK_MONOTONIC. LIFETIME: static.
[[nodiscard]] const Clock& monotonic_clock() noexcept;

/// A clock that moves only when told; for tests. Thread: one.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Nanos start = 0) noexcept : now_(start) {}
  [[nodiscard]] Nanos now() const noexcept override { return now_; }
  void advance(Nanos by) noexcept { now_ += by; }
  void set(Nanos to) noexcept { now_ = to; }

 private:
  Nanos now_;
};

}  // namespace sunder
