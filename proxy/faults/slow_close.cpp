// slow_close: the end of the stream arrives a while after it came; bytes are not touched.
//
// Tested by tests/proxy/fault_kinds_test.cpp.
#include <array>

#include "proxy/fault.hpp"
#include "proxy/faults/draw.hpp"

namespace sunder::proxy {
namespace {

class SlowClose final : public Fault {
 public:
  explicit SlowClose(const ParamValues& params) : delay_(params.number("delay")) {}
  Nanos on_end(Nanos arrival, Moment /*moment*/) noexcept override { return arrival + delay_; }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override {
    delay_ = params.number("delay");
  }

 private:
  Nanos delay_;
};

constexpr std::array<ParamSpec, 1> kSlowCloseParams{{
    {.name = "delay",
     .doc = "how long the end of the stream waits",
     .unit = ParamUnit::duration,
     .max = kDelayMax},
}};

}  // namespace

extern const FaultKind slow_close_kind;
const FaultKind slow_close_kind{
    .name = "slow_close",
    .doc = "The end of a connection arrives later.",
    .params = kSlowCloseParams,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<SlowClose>(making.params);
    },
};

}  // namespace sunder::proxy
