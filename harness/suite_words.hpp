// What the readers of a suite file's sections share: names from a list, names of clients, times.
//
// ConfigTable → **suite_words** → suite.cpp, suite_nemeses.cpp. Mistakes are noted in the table, with the line.
// Thread: pure. Tested by tests/harness/suite_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/config.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

/// Names that the network gives to clients: `client` and c1, c2, …
[[nodiscard]] bool reserved_name(std::string_view name);
/// Of "c12": 12. RETURNS 0 where no client can have the name.
[[nodiscard]] unsigned client_number(std::string_view name);
/// A name from a list of what there is; the message shows the list. `what`: "system".
[[nodiscard]] std::string known_name(const ConfigTable& table, std::string_view key,
                                     std::string fallback, const char* what,
                                     const std::vector<std::string>& known);
/// A time of more than nothing.
[[nodiscard]] Nanos positive(const ConfigTable& table, std::string_view key, Nanos fallback);

}  // namespace sunder::harness
