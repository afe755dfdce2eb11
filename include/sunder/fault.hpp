// Faults and cuts as values: what a user asks for, and what it touched.
//
// A *cut* stops traffic on pairs, in one of five kinds. A *fault* is any other named rule on pairs ("delay", …); its kind
// and parameters are described once, in proxy/faults/<kind>.cpp. Both are removed by name. Commands are values: they
// are checked as a whole, and then applied at one instant, or refused and nothing changes.
// Thread: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder {

/// How a cut stops traffic.
///  drop    packets vanish (netns mode): retransmission, back-off and keep-alive act as in a real partition;
///          a SYN gets no answer
///  hold    bytes wait in order, nothing is lost; a SYN gets no answer
///  reset   RST on both sides of every connection between the two; new ones are refused
///  close   FIN on both sides of every connection between the two; new ones are refused
///  refuse  established connections go on; new ones are refused (RST)
/// drop and hold act on the pair's direction; reset, close and refuse on whole connections, so on both.
enum class CutKind { drop, hold, reset, close, refuse };

[[nodiscard]] const char* name_of(CutKind kind);
[[nodiscard]] std::optional<CutKind> parse_cut_kind(std::string_view text);

/// A named set of cuts made in one step.
struct CutSpec {
  std::string name;
  CutKind kind = CutKind::drop;
  std::vector<Pair> pairs;
  Nanos lease = 0;  ///< heals by itself after this long; 0: never
};

/// A named fault on pairs. `params` are texts with units ("50ms"), checked against the kind's description.
struct FaultSpec {
  std::string name;
  std::string kind;
  std::vector<Pair> pairs;
  std::map<std::string, std::string> params;
  double probability = 1.0;          ///< 0..1, drawn once per connection
  Nanos duration = 0;                ///< ends by itself after this long; 0: never
  std::string frame;                 ///< a declared framing: "u32be", "resp"; empty: none
  std::uint64_t after_bytes = 0;     ///< per pipeline: sleeps until so many bytes have passed
  std::uint64_t after_messages = 0;  ///< or so many messages; needs `frame`
};

/// What a cut or fault met while it was in force. All zero: vacuous, nobody noticed it.
struct Touched {
  std::uint64_t connections = 0;  ///< connections it acted on
  std::uint64_t bytes = 0;        ///< bytes it held, delayed or cut off
  std::uint64_t packets = 0;      ///< packets dropped by the packet filter
  std::uint64_t attempts = 0;     ///< connection attempts left unanswered or refused
  std::uint64_t messages = 0;     ///< whole messages it omitted
  std::uint64_t unframed = 0;     ///< connections whose bytes were not of the declared framing
  Nanos held_ns = 0;              ///< sum over connections of the time that bytes waited
  [[nodiscard]] bool vacuous() const {
    return connections == 0 && bytes == 0 && packets == 0 && attempts == 0;
  }
};

}  // namespace sunder
