// The [[nemesis]] tables of a suite file.
//
// load_suite → **read_nemeses** → Suite::nemeses. Mistakes are noted in the tables, with the line.
// Thread: pure. Tested by tests/harness/suite_test.cpp, tests/harness/schedule_test.cpp.
#pragma once

#include "base/config.hpp"
#include "harness/suite.hpp"

namespace sunder::harness {

/// REQUIRES that [cluster] and [workload] have been read.
void read_nemeses(const ConfigTable& root, Suite* suite);

}  // namespace sunder::harness
