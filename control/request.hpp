// Requests: the body of an HTTP request as a command, read strictly.
//
// body text → **request** → PartitionRequest, HealRequest, FaultSpec, … → Switchboard.
// A body is one JSON object; a key that is not known, a wrong type or a number out of range is an error whose `where` names
// the field ("groups[0][1]"). An empty body counts as {}. Times are texts with a unit ("30s") or whole nanoseconds.
// ERRORS: invalid; ids bad_json, unknown_key, bad_type, bad_value, missing_field.
// Thread: pure. Tested by tests/control/api_test.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/json_text.hpp"
#include "sunder/client.hpp"
#include "sunder/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

struct HealRequest {
  std::vector<std::string> names;
  bool all = false;
};

struct FaultRequest : FaultSpec {
  std::string lease;  ///< the name of a lease that is held open; empty: none
};
struct FaultChange {
  std::map<std::string, std::string> params;
  std::optional<double> probability;
};
struct ProxyRequest {
  std::string name;
  std::optional<std::string> listen;
  std::optional<std::string> upstream;
  std::optional<bool> enabled;
};

[[nodiscard]] Result<PartitionRequest> read_partition(std::string_view body);
[[nodiscard]] Result<HealRequest> read_heal(std::string_view body);
[[nodiscard]] Result<FaultRequest> read_fault(std::string_view body);
[[nodiscard]] Result<FaultChange> read_fault_change(std::string_view body);
/// `whole`: a new proxy, with its name; otherwise a change, where each field may be absent.
[[nodiscard]] Result<ProxyRequest> read_proxy(std::string_view body, bool whole);
/// {"down": true}
[[nodiscard]] Result<bool> read_down(std::string_view body);
/// {"pids": [12, 34]}
[[nodiscard]] Result<std::vector<int>> read_pids(std::string_view body);
/// {"event":"note","text":…, up to 32 more fields that are texts, numbers, true, false or null}: the fields to log.
[[nodiscard]] Result<JsonText> read_note(std::string_view body);

}  // namespace sunder::control
