// Faults of nodes instead of links: what kill, pause and skew have alike.
//
// nemeses/kill.cpp, pause.cpp, skew.cpp → **node_turn** → Cluster (signals, starts, clocks) and the event log.
// Thread: the nemesis's. Tested by tests/cluster/nemesis_test.py.
#pragma once

#include <functional>
#include <string>

#include "harness/nemesis.hpp"

namespace sunder::harness {

/// What is done to each node. Both ERRORS: the turn, and with it the run, fails.
struct NodeFault {
  const char* kind;    ///< "kill"
  const char* verb;    ///< "killed"
  const char* mended;  ///< "started again"
  std::function<Status(Cluster&, const std::string& node)> begin;
  std::function<Status(Cluster&, const std::string& node)> mend;
  std::string detail = {};  ///< "+500ms"; of the turn, in its words and records
  /// Asked before it is mended; none: whom it began at, it met.
  std::function<bool(Cluster&, const std::string& node)> met = {};
  const char* unmet = "";  ///< what no process of a node did that was not met
};

[[nodiscard]] Status node_turn(NemesisContext& context, const NemesisSpec& spec,
                               const std::string& wanted, const NodeFault& fault);

}  // namespace sunder::harness
