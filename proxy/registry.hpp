// Registry: the table of fault kinds, and the reading of their parameters.
//
// proxy/faults/list.def → **registry** → control (validation), `sunder list faults`, InForce
// (instances). ERRORS of parse_params: invalid, with `where` = "params.<name>" and a message that
// names the parameter. Thread: pure. Tested by tests/proxy/fault_test.cpp.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "proxy/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::proxy {

/// In the order of list.def. LIFETIME: static.
[[nodiscard]] std::span<const FaultKind* const> all_fault_kinds();
/// RETURNS nullptr if there is none of that name.
[[nodiscard]] const FaultKind* find_fault_kind(std::string_view name);
/// Reads, checks and completes the parameters of a rule of that kind.
[[nodiscard]] Result<ParamValues> parse_params(const FaultKind& kind,
                                               const std::map<std::string, std::string>& params);

}  // namespace sunder::proxy
