// Mode: the description of one kind of reference node: what it promises and which bugs can be planted in it.
//
// One file modes/<name>.cpp and one line in modes/list.def each. A mode says which checks of the court it always passes
// (`promises`); a bug says which check must catch it. The calibration holds both to be true.
// Thread: constants. Tested by tests/nodes/modes_test.cpp, tests/calibrate/calibrate_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nodes/replica.hpp"
#include "sunder/result.hpp"

namespace sunder::nodes {

struct Bug {
  const char* name;     ///< "no-write-back"
  const char* summary;  ///< what the node does wrong
  const char* check;    ///< the check that must catch it
};

/// What clients may ask a mode for.
enum class Offer : std::uint8_t {
  registers,    ///< read, write
  cas,          ///< read, write, cas
  collections,  ///< add to sets, increment counters, read both
};

struct Mode {
  const char* name;     ///< "commit-wait"
  const char* summary;  ///< one line: its guarantee
  Offer offer;
  bool led;            ///< the first node decides for all
  bool survives_stop;  ///< its promises hold when a minority of the nodes stops for good
  bool per_key;        ///< its promises hold for every key by itself, not over several
  std::vector<const char*>
      promises;  ///< checks that never fail; `convergence`: all nodes agree at the end
  std::vector<Bug> bugs;
  std::unique_ptr<Replica> (*make)(const ReplicaConfig& config, Host& host);

  /// RETURNS nullptr if there is none of that name.
  [[nodiscard]] const Bug* find_bug(std::string_view bug) const;
};

/// In the order of list.def. LIFETIME: static.
[[nodiscard]] std::span<const Mode* const> all_modes();
/// ERRORS: not_found, lists the modes.
[[nodiscard]] Result<const Mode*> find_mode(std::string_view name);

}  // namespace sunder::nodes
