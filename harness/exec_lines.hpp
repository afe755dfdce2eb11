// What is said between sunder and the program of an `exec` client, one JSON object a line. See exec_lines.cpp. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/client.hpp"

namespace sunder::harness {

inline constexpr int kExecProtocol = 1;

/// The first line. `timeout_ms` is a little less than the operation's own, so that the program gives up first.
[[nodiscard]] std::string exec_hello(const ClientTarget& target);
/// The line of a request.
[[nodiscard]] std::string exec_request(std::int64_t id, const OpRequest& request);

/// What a line of the program is.
struct ExecLine {
  enum class Kind { hello, answer, broken } kind = Kind::broken;
  std::int64_t id = -1;  ///< of an answer
};
[[nodiscard]] ExecLine exec_line(std::string_view line);
/// The outcome of `request`, which the program answered with `line`.
[[nodiscard]] Outcome exec_outcome(const OpRequest& request, std::string_view line);

}  // namespace sunder::harness
