// See watchdog.hpp.
#include "harness/watchdog.hpp"

#include <chrono>

namespace sunder::harness {

bool is_stall(Nanos before, Nanos after) {
  return after - before - Watchdog::kSleep > Watchdog::kStall;
}

Watchdog::Watchdog(const Clock& clock, Nanos t0)
    : clock_(clock), t0_(t0), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  stop();
}

void Watchdog::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Watchdog::watch() {
  Nanos before = clock_.now();
  while (!stop_) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kSleep));
    const Nanos after = clock_.now();
    if (is_stall(before, after)) {
      const std::lock_guard lock(mutex_);
      stalls_.push_back({before - t0_, after - before});
    }
    before = after;
  }
}

std::vector<StallRecord> Watchdog::stalls() const {
  const std::lock_guard lock(mutex_);
  return stalls_;
}

}  // namespace sunder::harness
