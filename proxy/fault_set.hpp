// FaultSet: everything that is in force in the byte hall, as one immutable value.
//
// Switchboard (control/) → **FaultSet** → Proxy::apply → every loop swaps its pointer between two callbacks.
// A rule carries indices, parsed parameters and a number; it holds no text that the byte path would have to look at.
// Thread: built by one thread, then shared read-only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sunder/fault.hpp"

namespace sunder::proxy {

class FaultKind;  // proxy/fault.hpp

/// A number that names one rule for its whole life; never used again. 0 is no rule.
using RuleId = std::uint64_t;

/// One rule: a cut (`cut` set) or a fault (`kind` set) on pairs.
/// A `drop` cut is in the set too, so that connections it meets are counted and shown; bytes are stopped by the packet
/// filter, and where there is none a drop cut is refused before it gets here.
struct Rule {
  RuleId id = 0;
  std::string name;
  std::optional<CutKind> cut;
  const FaultKind* kind = nullptr;
  std::map<std::string, std::string> params;
  double probability = 1.0;
  std::vector<PairId> pairs;
  /// Same id, higher revision: the parameters were updated in place.
  std::uint64_t revision = 0;
  std::string frame;                 ///< "" none, "u32be", "resp"
  std::uint64_t after_bytes = 0;     ///< per pipeline: sleeps until so many bytes have passed
  std::uint64_t after_messages = 0;  ///< or so many messages of the framing
};

struct FaultSet {
  std::uint64_t epoch = 0;
  std::shared_ptr<const Topology> topology;  ///< the nodes from now on; null: unchanged
  std::vector<Rule> rules;                   ///< in the order in which faults act on a chunk
};

using FaultSetPtr = std::shared_ptr<const FaultSet>;

}  // namespace sunder::proxy
