// delay: every chunk goes on a while after it came.
//
// The due time is computed from the chunk's arrival, never from the chunk before it, so any number
// of bytes may be under way: latency grows, throughput does not fall. The pipeline keeps the order:
// a chunk never goes before an earlier one. Tested by tests/proxy/fault_test.cpp and
// tests/proxy/pipeline_test.cpp.
#include <array>

#include "proxy/fault.hpp"
#include "proxy/faults/draw.hpp"

namespace sunder::proxy {
namespace {

class Delay final : public Fault {
 public:
  explicit Delay(const ParamValues& params) { read(params); }

  Verdict on_chunk(std::size_t /*bytes*/, Nanos arrival, Moment moment) noexcept override {
    return {.due = arrival + draw_delay(delay_, jitter_, distribution_, moment.dice)};
  }
  Nanos on_end(Nanos arrival, Moment moment) noexcept override {
    return on_chunk(0, arrival, moment).due;
  }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override { read(params); }

 private:
  void read(const ParamValues& params) noexcept {
    delay_ = params.number("delay");
    jitter_ = params.number("jitter");
    distribution_ = static_cast<Distribution>(params.number("distribution"));
  }
  Nanos delay_ = 0;
  Nanos jitter_ = 0;
  Distribution distribution_ = Distribution::uniform;
};

constexpr std::array<ParamSpec, 3> kDelayParams{{
    {.name = "delay",
     .doc = "how long every chunk waits",
     .unit = ParamUnit::duration,
     .max = kDelayMax},
    {.name = "jitter",
     .doc = "how far a draw may lie from delay: half width (uniform), standard deviation (normal), "
            "mean of what is added (pareto)",
     .unit = ParamUnit::duration,
     .fallback = "0ms",
     .max = kDelayMax},
    {.name = "distribution",
     .doc = "how the jitter is drawn",
     .unit = ParamUnit::choice,
     .fallback = "uniform",
     .choices = kDistributions},
}};

}  // namespace

extern const FaultKind delay_kind;
const FaultKind delay_kind{
    .name = "delay",
    .doc = "Bytes arrive later, in order; the throughput stays.",
    .params = kDelayParams,
    .holds_by_time = true,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<Delay>(making.params);
    },
};

}  // namespace sunder::proxy
