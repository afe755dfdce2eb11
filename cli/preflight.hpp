// Preflight: can this suite start on this machine? Asked before anything is made or started.
//
// suite → **preflight** → session. Thread: REQUIRES exactly one (namespaces are tried in a child).
// Tested by tests/cluster/errors_test.py and explicit_test.py.
#pragma once

#include <string>

#include "harness/suite.hpp"
#include "sunder/result.hpp"

namespace sunder::cli {

/// Looks for the database's program (of every node) and tries the namespaces in a child.
/// ERRORS: not_found or unavailable (the database), unsupported (privileges; says what to change and names doctor).
[[nodiscard]] Status preflight(const harness::Suite& suite);

/// The same; but where this machine gives no namespaces and network = "auto" leaves the choice, the suite is changed to
/// the explicit mode. RETURNS one sentence that says so and why; empty: nothing was changed.
/// ERRORS: also unsupported, where a cut of the suite needs namespaces.
[[nodiscard]] Result<std::string> preflight_or_explicit(harness::Suite& suite);

}  // namespace sunder::cli
