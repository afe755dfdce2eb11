// What a suite asks of its system: options of the clients that they know, clocks that can be set off.
//
// load_suite → **check_against_system**, once everything else in the file is right. Thread: pure but for the system's file.
// Tested by tests/harness/suite_test.cpp.
#pragma once

#include "base/config.hpp"
#include "harness/suite.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

/// ERRORS: invalid, with the line of `root` that asks for too much.
[[nodiscard]] Status check_against_system(const Suite& suite, const ConfigTable& root);

}  // namespace sunder::harness
