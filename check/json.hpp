// Verdicts and measurements as JSON, exactly as CONTRACT.md's "JSON results" has them; for `sunder check --json` and
// results.json.
//
// CheckResult → **check_json** → one object. Plain text building: the objects are small and flat, and a JSON library's
// header would cost every includer more than it saves. Thread: pure. Tested by tests/check/json_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.hpp"

namespace sunder::check {

/// Appends `text` as a JSON string with its quotes. Bytes from 0x80 on go through as they are (UTF-8).
void append_json_string(std::string& out, std::string_view text);

/// "[1,2,3]", as histories have lists.
[[nodiscard]] std::string list_text(const std::vector<std::int64_t>& items);

/// CHECK: {"name":…,"verdict":…,"reason":…,"text":…,"method":…,"power":N,"power_inside":N,"power_across":N,
/// "keys":{…}[,"key":…,"witness":[…]][,"measured":{…}]}; key and witness only where a check failed.
/// `witness`: the events as their lines in the file (read_events).
[[nodiscard]] std::string check_json(const CheckResult& result,
                                     const std::vector<std::string>& witness);

/// ROW: {"fault":…,"from":ns,…}, and besides "judged" and "note" (why not judged).
[[nodiscard]] std::string row_json(const AvailabilityRow& row);

}  // namespace sunder::check
