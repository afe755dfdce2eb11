// Preflight: can this suite start on this machine? Asked before anything is made or started.
#pragma once

#include "harness/suite.hpp"
#include "sunder/result.hpp"

namespace sunder::cli {

/// Looks for the database's program (of every node) and tries the namespaces in a child. REQUIRES exactly one thread.
/// ERRORS: not_found or unavailable (the database), unsupported (privileges; says what to change and names doctor).
[[nodiscard]] Status preflight(const harness::Suite& suite);

}  // namespace sunder::cli
