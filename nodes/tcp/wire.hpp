// Wire: what reference nodes and their clients say over TCP: one JSON object a line.
//
//   client → node   {"f":"read","key":"k1"} · {"f":"write","key":"k1","value":7} · {"f":"cas","key":"k1","value":[3,7]}
//                   {"f":"add"…} · {"f":"increment"…} · {"f":"status"}; "id" (a number) comes back with the answer
//   node → client   {"type":"ok","value":7} · {"type":"fail","error":"mismatch","observed":3} ·
//                   {"type":"fail","error":"definite","text":…} · {"type":"info","text":…} · {"node":"n1","mode":…}
//   node → node     {"hello":"n1"}, then messages (nodes/replica.hpp), fields that say nothing left out
//
// Thread: pure. Tested by tests/nodes/wire_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nodes/replica.hpp"
#include "sunder/result.hpp"

namespace sunder::nodes {

/// A line longer than this ends the connection.
inline constexpr std::size_t kLongestLine = 64 * 1024;

struct ClientLine {
  bool status = false;
  Request request;                        ///< without its id
  std::optional<std::int64_t> client_id;  ///< the client's own "id"
};

/// ERRORS: invalid, says what is expected.
[[nodiscard]] Result<ClientLine> parse_client_line(std::string_view line);
/// With the line's end, as all of these.
[[nodiscard]] std::string reply_line(const Reply& reply, Kind kind,
                                     std::optional<std::int64_t> client_id);
[[nodiscard]] std::string error_line(const std::string& text);
/// `leader`: empty where the mode has none.
[[nodiscard]] std::string status_line(std::string_view node, std::string_view mode,
                                      std::string_view leader);

[[nodiscard]] std::string hello_line(std::string_view node);
/// RETURNS the name, or nothing.
[[nodiscard]] std::optional<std::string> parse_hello(std::string_view line);
[[nodiscard]] std::string message_line(const Message& message);
[[nodiscard]] std::optional<Message> parse_message(std::string_view line);

}  // namespace sunder::nodes
