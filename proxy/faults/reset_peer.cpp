// reset_peer: the first bytes (or the end) are met by an RST on both sides, after a while.
//
// From these bytes on nothing passes. When the rule is removed in between, the reset comes at once.
// Connections that were open before the rule are reset as well. Tested by
// tests/proxy/fault_kinds_test.cpp.
#include <array>

#include "proxy/fault.hpp"
#include "proxy/faults/draw.hpp"

namespace sunder::proxy {
namespace {

class ResetPeer final : public Fault {
 public:
  explicit ResetPeer(const ParamValues& params) : timeout_(params.number("timeout")) {}

  Passed on_bytes(std::span<std::byte> /*bytes*/, Moment moment) noexcept override {
    start(moment.now);
    return {};
  }
  bool on_source_end(Moment moment) noexcept override {
    start(moment.now);
    return false;
  }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override {
    timeout_ = params.number("timeout");
  }
  [[nodiscard]] Wish wish() const noexcept override {
    return since_ < 0 ? Wish{} : Wish{Act::reset, since_ + timeout_};
  }
  [[nodiscard]] Act on_removed() const noexcept override {
    return since_ < 0 ? Act::none : Act::reset;
  }

 private:
  void start(Nanos now) noexcept {
    if (since_ < 0) since_ = now;
  }
  Nanos timeout_;
  Nanos since_ = -1;
};

constexpr std::array<ParamSpec, 1> kResetPeerParams{{
    {.name = "timeout",
     .doc = "how long after the first bytes the connection is reset",
     .unit = ParamUnit::duration,
     .fallback = "0ms",
     .max = kDelayMax},
}};

}  // namespace

extern const FaultKind reset_peer_kind;
const FaultKind reset_peer_kind{
    .name = "reset_peer",
    .doc = "The connection is reset a while after its first bytes.",
    .params = kResetPeerParams,
    .place = Place::door,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<ResetPeer>(making.params);
    },
};

}  // namespace sunder::proxy
