// loss: packets vanish at random, and TCP sends them again.
//
// It acts in the packet filter (proxy/packet), where `drop` cuts are possible; the byte hall only
// knows its description. Tested by tests/proxy/fault_test.cpp.
#include <array>

#include "proxy/fault.hpp"

namespace sunder::proxy {
namespace {

constexpr std::array<ParamSpec, 1> kLossParams{{
    {.name = "ratio",
     .doc = "the chance of each packet to vanish",
     .unit = ParamUnit::ratio,
     .fallback = "0.01"},
}};

}  // namespace

extern const FaultKind loss_kind;
const FaultKind loss_kind{
    .name = "loss",
    .doc = "Packets vanish at random (where the machine can drop packets).",
    .params = kLossParams,
    .place = Place::packet,
    .packet_level = true,
};

}  // namespace sunder::proxy
