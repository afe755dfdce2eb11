// timeout: nothing passes any more; the connection is closed a while after the last bytes came.
//
// The time runs from the moment when the fault meets the connection, and anew from every chunk.
// Bytes that come are discarded: the stream ends there, so that what went out stays a prefix. When
// the rule is removed after it has discarded something, the connection is closed.
// Tested by tests/proxy/fault_kinds_test.cpp.
#include <array>

#include "proxy/fault.hpp"
#include "proxy/faults/draw.hpp"

namespace sunder::proxy {
namespace {

class Timeout final : public Fault {
 public:
  explicit Timeout(const ParamValues& params) : timeout_(params.number("timeout")) {}

  void on_start(Moment moment) noexcept override { last_ = moment.now; }
  Passed on_bytes(std::span<std::byte> bytes, Moment moment) noexcept override {
    last_ = moment.now;
    discarded_ = discarded_ || !bytes.empty();
    return {};
  }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override {
    timeout_ = params.number("timeout");
  }
  [[nodiscard]] Wish wish() const noexcept override {
    if (timeout_ == 0) return {};
    return {Act::close, last_ + timeout_};
  }
  [[nodiscard]] Act on_removed() const noexcept override {
    return discarded_ ? Act::close : Act::none;
  }

 private:
  Nanos timeout_;
  Nanos last_ = 0;
  bool discarded_ = false;
};

constexpr std::array<ParamSpec, 1> kTimeoutParams{{
    {.name = "timeout",
     .doc = "how long after the last bytes the connection is closed; 0: never",
     .unit = ParamUnit::duration,
     .fallback = "0ms",
     .max = kDelayMax},
}};

}  // namespace

extern const FaultKind timeout_kind;
const FaultKind timeout_kind{
    .name = "timeout",
    .doc = "Nothing passes any more; the connection is closed after a while.",
    .params = kTimeoutParams,
    .place = Place::door,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<Timeout>(making.params);
    },
};

}  // namespace sunder::proxy
