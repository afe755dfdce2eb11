// delay: every chunk goes out a while after it came.
//
// The due time is computed from the chunk's arrival, never from the chunk before it, so any number
// of bytes may be under way: latency grows, throughput does not fall. The pipeline keeps the order:
// a chunk is never due before an earlier one. `jitter` is the half width (uniform) or the standard
// deviation (normal) of what is added to `delay`; a draw below zero counts as zero.
// Tested by tests/proxy/fault_test.cpp and tests/proxy/delay_test.cpp.
#include <algorithm>
#include <array>

#include "proxy/fault.hpp"

namespace sunder::proxy {
namespace {

enum class Distribution : std::uint8_t { uniform, normal };

class Delay final : public Fault {
 public:
  Delay(Nanos delay, Nanos jitter, Distribution distribution)
      : delay_(delay), jitter_(jitter), distribution_(distribution) {}

  Verdict on_chunk(std::size_t /*bytes*/, Nanos arrival, Moment moment) noexcept override {
    return {Verdict::Act::pass, arrival + draw(moment.dice)};
  }

 private:
  Nanos draw(Rng& dice) const noexcept {
    if (jitter_ == 0) return delay_;
    const double unit =
        distribution_ == Distribution::uniform ? 2 * dice.uniform() - 1 : dice.normal();
    const double drawn = static_cast<double>(delay_) + unit * static_cast<double>(jitter_);
    return static_cast<Nanos>(std::clamp(drawn, 0.0, 2.0 * kDelayMax));
  }

 public:
  static constexpr double kDelayMax = 3600e9;  ///< one hour; longer is a mistake

 private:
  Nanos delay_;
  Nanos jitter_;
  Distribution distribution_;
};

constexpr std::array<ParamSpec, 3> kParams{{
    {.name = "delay",
     .doc = "how long every chunk waits",
     .unit = ParamUnit::duration,
     .max = Delay::kDelayMax},
    {.name = "jitter",
     .doc = "how far a draw may lie from delay: half width or standard deviation",
     .unit = ParamUnit::duration,
     .fallback = "0ms",
     .max = Delay::kDelayMax},
    {.name = "distribution",
     .doc = "how the jitter is drawn",
     .unit = ParamUnit::choice,
     .fallback = "uniform",
     .choices = "uniform normal"},
}};

}  // namespace

extern const FaultKind delay_kind;
const FaultKind delay_kind{
    .name = "delay",
    .doc = "Bytes arrive later, in order; the throughput stays.",
    .params = kParams,
    .holds_by_time = true,
    .make = [](const ParamValues& params) -> std::unique_ptr<Fault> {
      return std::make_unique<Delay>(params.number("delay"), params.number("jitter"),
                                     static_cast<Distribution>(params.number("distribution")));
    },
};

}  // namespace sunder::proxy
