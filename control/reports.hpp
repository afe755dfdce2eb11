// Reports: what the Switchboard answers, as JSON. Written here, read by client.cpp.
//
// Applied, RuleReport, StatusReport → **reports** → text of an HTTP answer or of an event line.
// docs/reference/http-api.md shows the fields. Thread: pure. Tested by tests/control/api_test.cpp.
#pragma once

#include <string>

#include "control/switchboard.hpp"

namespace sunder::control {

/// {"connections":…,"bytes":…,"packets":…,"attempts":…,"held_ns":…}
[[nodiscard]] std::string touched_json(const Touched& touched);
[[nodiscard]] std::string applied_json(const Applied& applied);
[[nodiscard]] std::string rule_json(const RuleInForce& rule);
[[nodiscard]] std::string status_json(const StatusReport& status);
/// {"error":{"code":…,"field":…,"message":…}}; without a field, none is written.
[[nodiscard]] std::string error_json(const Error& error);

/// Adds every figure of `more`.
void add_to(Touched& sum, const Touched& more);

/// True when a rule that has ended met nothing: no packet, byte or attempt; connections that only stood idle under a drop
/// or hold do not count, those that a reset or close ended do.
[[nodiscard]] bool met_nothing(const RuleReport& rule);

}  // namespace sunder::control
