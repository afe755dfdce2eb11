// Fault kinds as the API and the command line show them; the one place where control/ meets the proxy's registry.
//
// Thread: any; the registry is constant. Tested by tests/control/api_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "proxy/fault_set.hpp"
#include "sunder/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

/// Looks the kind up and checks its parameters. ERRORS: not_found (unknown_kind), invalid; `where` is "kind" or
/// "params.delay".
[[nodiscard]] Result<const proxy::FaultKind*> check_fault(const FaultSpec& fault);

struct FaultParamLine {
  std::string name;
  std::string doc;
  std::string unit;           ///< "duration", "size", "rate", "ratio", …
  std::string default_value;  ///< empty: required
  std::string bounds;         ///< "0 to 1"; empty: none that matter
};
struct FaultKindLine {
  std::string name;
  std::string doc;
  std::vector<FaultParamLine> params;
  bool needs_frame = false;
  bool packet_level = false;  ///< needs a packet filter
  bool unnatural = false;     ///< no network does that
};
[[nodiscard]] std::vector<FaultKindLine> fault_kind_lines();
/// What every fault takes besides.
[[nodiscard]] std::vector<FaultParamLine> common_fault_fields();
/// docs/reference/faults.md, whole.
[[nodiscard]] std::string fault_kinds_markdown();
/// [{"name":"delay","doc":…,"params":[…]},…]
[[nodiscard]] std::string fault_kinds_json();
/// The fields that every fault takes, in the form of "params".
[[nodiscard]] std::string common_fields_json();

}  // namespace sunder::control
