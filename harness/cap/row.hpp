// Row: one line of the CAP table: a system, and how its clients use it.
//
// One file in rows/ and a line in rows/list.def. `sunder cap NAME` → **Row** → plan → experiment. Thread: values.
#pragma once

#include <string>
#include <vector>

#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness::cap {

struct Row {
  const char* name;
  const char* summary;  ///< one line
  const char* system;   ///< a folder of systems/
  unsigned nodes = 3;   ///< 1: nothing to cut or to delay
  const char* reads =
      "linearizable";  ///< what the clients ask for; final reads are linearizable where there are such
  bool leader = true;  ///< false: no node leads, so each node is a role of its own
  Nanos election_timeout =
      0;  ///< no delay is longer than a quarter of it; 0: there are no elections
};

/// In the order of rows/list.def.
[[nodiscard]] std::vector<const Row*> all_rows();
/// ERRORS: not_found, lists the rows and the nearest name.
[[nodiscard]] Result<const Row*> find_row(const std::string& name);

}  // namespace sunder::harness::cap
