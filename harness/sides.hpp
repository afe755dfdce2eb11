// Sides: which part of a cut a node is in, by the words of the availability rows.
//
// FaultWindow → **side_of** → report, lost writes. Thread: pure. Tested by tests/harness/phases_test.cpp.
#pragma once

#include <string>

#include "check/check.hpp"

namespace sunder::harness {

/// "isolated" (one node alone), "minority", "majority"; empty where the window divides nothing or does not have the node.
[[nodiscard]] std::string side_of(const check::FaultWindow& window, const std::string& node);

}  // namespace sunder::harness
