#include <time.h>

#include "sunder/time.hpp"

namespace sunder {
namespace {

class MonotonicClock final : public Clock {
 public:
  [[nodiscard]] Nanos now() const noexcept override {
    timespec ts{};
    ::clock_gettime(CLOCK_MONOTONIC, &ts);
    return Nanos{ts.tv_sec} * kSecond + ts.tv_nsec;
  }
};

}  // namespace

const Clock& monotonic_clock() noexcept {
  static const MonotonicClock clock;
  return clock;
}

}  // namespace sunder
