// Orders and their answers as values: what is asked of a running proxy, and what it says when that is in force.
//
// The control API carries them as JSON (sunder/client.hpp); a proxy in the caller's own process takes them as they are
// (sunder/embed.hpp). Times in answers are nanoseconds on the history's clock, CLOCK_MONOTONIC − t0.
// Thread: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sunder/fault.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder {

/// A partition by the name of its shape; `GET /v1/shapes` lists them.
struct ShapeSpec {
  std::string shape;  ///< "bridge", …; empty: none
  std::vector<std::string>
      nodes;                ///< those cut off, or those that take part; empty: every database node
  std::string leader;       ///< majority, bridge: who it is about
  std::string leader_side;  ///< majority: "majority" or "minority"
  std::uint64_t seed = 0;   ///< of what is drawn
};

struct PartitionRequest {
  std::vector<std::vector<std::string>>
      groups;               ///< nodes of different groups do not see each other
  std::vector<Pair> pairs;  ///< or: exactly these directed pairs
  CutKind kind = CutKind::drop;
  bool one_way = false;  ///< groups only: cut from the first group to the others, not back
  std::string name;      ///< empty: the server chooses ("p1", "p2", …)
  Nanos lease = 0;
  ShapeSpec shape;         ///< instead of groups and pairs
  Nanos flap_on = 0;       ///< flapping: in force so long, …
  Nanos flap_off = 0;      ///< … then out of force so long; 0: it does not flap
  std::string lease_name;  ///< heals when this lease ends, see Client::hold
};

/// One cut or fault and its life.
struct RuleReport {
  std::string name;
  std::string kind;  ///< "drop", "delay", …
  std::vector<Pair> pairs;
  Nanos asked_at = 0;
  Nanos in_force_at = 0;
  Nanos healed_at = 0;  ///< 0: still in force
  Touched touched;
  bool vacuous = false;  ///< set when removed: it met nothing
};

/// The answer to a command: returned when it is in force everywhere.
struct Applied {
  std::uint64_t epoch = 0;
  std::string name;  ///< of the cut or fault added; empty for heal
  Nanos asked_at = 0;
  Nanos in_force_at = 0;
  Nanos loops_took =
      0;  ///< of the time between: the longest that a loop needed once it had the order
  std::vector<Pair> pairs;
  std::vector<RuleReport> removed;
};

namespace control {  // where they are made and read
using sunder::Applied;
using sunder::PartitionRequest;
using sunder::RuleReport;
using sunder::ShapeSpec;
}  // namespace control

}  // namespace sunder
