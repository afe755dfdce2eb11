// What `sunder ctl` prints: answers of the control API as text for a terminal.
//
// JSON of GET /v1/status, /v1/rules, /v1/events → **ctl_view** → lines. Times are shown as seconds and milliseconds.
// ERRORS: internal when the JSON has another form. Thread: pure. Tested by tests/cli/ctl_test.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "sunder/client.hpp"
#include "sunder/result.hpp"

namespace sunder::cli {

/// "0.4 ms", "12.3 s", "3 min 20 s"
[[nodiscard]] std::string plain_duration(Nanos nanos);

/// The nodes and a from × to table (a list for more than four nodes).
[[nodiscard]] Result<std::string> status_view(const std::string& json);
/// One line for each fault in force.
[[nodiscard]] Result<std::string> faults_view(const std::string& json);

struct EventsView {
  std::string text;        ///< a line each
  std::uint64_t next = 0;  ///< where to go on
};
[[nodiscard]] Result<std::string> proxies_view(const std::string& text);
[[nodiscard]] Result<EventsView> events_view(const std::string& json, bool raw);

/// "p1: drop on n1:n2, n2:n1, in force after 0.4 ms", and a line for each rule removed with what it touched.
[[nodiscard]] std::string applied_view(const control::Applied& applied, const std::string& kind);

}  // namespace sunder::cli
