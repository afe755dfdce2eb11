// Watchdog: notes when the harness itself stood still, so that nobody blames the database for it.
//
// A thread sleeps 20 ms at a time and measures how long it really took. A gap of more than 100 ms (a paused virtual
// machine, a starved processor) is a stall: clients may have been stopped for as long, and a fault window around it
// can't be judged for availability.
// Thread: start and stop from one thread; stalls() from any. Tested by tests/harness/recorder_test.cpp.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/results.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

class Watchdog {
 public:
  static constexpr Nanos kSleep = 20 * kMillisecond;
  static constexpr Nanos kStall = 100 * kMillisecond;

  /// `t0`: origin of the times in StallRecord.
  Watchdog(const Clock& clock, Nanos t0);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  [[nodiscard]] std::vector<StallRecord> stalls() const;
  /// Ends the thread; called by the destructor too.
  void stop();

 private:
  void watch();

  const Clock& clock_;
  const Nanos t0_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<StallRecord> stalls_;
  std::thread thread_;  // last: starts when the rest is there
};

/// The stall between two looks at the clock, if it was one: a gap beyond the sleep of more than kStall.
[[nodiscard]] bool is_stall(Nanos before, Nanos after);

}  // namespace sunder::harness
