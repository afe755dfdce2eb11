// etcd's answers as outcomes: the table that decides ok, fail or info. See etcd.cpp. Pure.
#pragma once

#include <string>

#include "harness/http_connection.hpp"
#include "harness/operation.hpp"

namespace sunder::harness {

/// The outcome of `request` after an exchange with etcd's gateway that ended as `answer`.
[[nodiscard]] Outcome etcd_outcome(const OpRequest& request, const HttpAnswer& answer);

/// Base64 (RFC 4648), as etcd's JSON carries keys and values.
[[nodiscard]] std::string base64(std::string_view text);
/// Nothing where `text` is not base64.
[[nodiscard]] std::optional<std::string> unbase64(std::string_view text);

}  // namespace sunder::harness
