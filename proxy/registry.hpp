// Registry: the tables of fault kinds and framings, and the reading of their parameters.
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
#include "proxy/frame.hpp"
#include "sunder/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::proxy {

/// In the order of list.def. LIFETIME: static.
[[nodiscard]] std::span<const FaultKind* const> all_fault_kinds();
/// RETURNS nullptr if there is none of that name.
[[nodiscard]] const FaultKind* find_fault_kind(std::string_view name);
/// Reads, checks and completes the parameters of a rule of that kind.
[[nodiscard]] Result<ParamValues> parse_params(const FaultKind& kind,
                                               const std::map<std::string, std::string>& params);

/// What every fault takes besides the parameters of its kind: name, probability, duration, frame,
/// after-bytes, after-messages. LIFETIME: static.
[[nodiscard]] std::span<const ParamSpec> common_params();
/// Checks what every fault takes: that the framing exists and is there where the kind or the
/// trigger needs it. ERRORS: invalid, with `where` = the field of FaultSpec.
[[nodiscard]] Status check_common(const FaultKind& kind, const FaultSpec& fault);

/// In the order of frames/list.def. LIFETIME: static.
[[nodiscard]] std::span<const FrameKind* const> all_frame_kinds();
/// RETURNS nullptr if there is none of that name.
[[nodiscard]] const FrameKind* find_frame_kind(std::string_view name);

}  // namespace sunder::proxy
