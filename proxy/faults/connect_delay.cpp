// connect_delay: a new connection waits between its acceptance and the dialling of the server.
//
// Nothing is read from the client meanwhile. The pair is that of who dials. The Connection waits;
// this file only draws. Tested by tests/proxy/faults_on_sockets_test.cpp.
#include <array>

#include "proxy/fault.hpp"
#include "proxy/faults/draw.hpp"

namespace sunder::proxy {
namespace {

constexpr std::array<ParamSpec, 2> kConnectDelayParams{{
    {.name = "delay",
     .doc = "how long a new connection waits before the server is dialled",
     .unit = ParamUnit::duration,
     .max = kDelayMax},
    {.name = "jitter",
     .doc = "half width of what is added to delay (uniform)",
     .unit = ParamUnit::duration,
     .fallback = "0ms",
     .max = kDelayMax},
}};

}  // namespace

extern const FaultKind connect_delay_kind;
const FaultKind connect_delay_kind{
    .name = "connect_delay",
    .doc = "New connections reach the server later.",
    .params = kConnectDelayParams,
    .place = Place::connect,
    .connect_delay =
        [](const ParamValues& params, Rng& dice) {
          return draw_delay(params.number("delay"), params.number("jitter"), Distribution::uniform,
                            dice);
        },
};

}  // namespace sunder::proxy
