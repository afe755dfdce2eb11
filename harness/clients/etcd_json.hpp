// etcd's JSON: members by either spelling, 64-bit numbers as texts, keys and values in base64.
//
// etcd's gateway → JSON → **these** → adapter (etcd.cpp, etcd_txn.cpp, etcd_lock.cpp). Thread: pure.
// Tested by tests/harness/etcd_client_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sunder::harness::etcd {

using Json = nlohmann::json;

/// A member by its snake_case name; the gateway of newer versions may say camelCase. Null where it is missing.
[[nodiscard]] const Json* member(const Json& object, const char* snake,
                                 const char* camel = nullptr);

/// A 64-bit number that JSON carries as a text, or as a number.
[[nodiscard]] std::optional<std::string> number_text(const Json* node);
/// The same, as a number.
[[nodiscard]] std::optional<std::int64_t> number(const Json* node);

/// The first key of a range answer.
struct Found {
  bool understood = false;           ///< false: not a range answer
  std::optional<std::string> value;  ///< nothing: absent
  std::int64_t mod_revision = 0;     ///< of its last write; 0: absent, or not told
};
[[nodiscard]] Found found(const Json& range);

/// Base64 (RFC 4648).
[[nodiscard]] std::string base64(std::string_view text);
/// Nothing where `text` is not base64.
[[nodiscard]] std::optional<std::string> unbase64(std::string_view text);

/// `"key":"…"` for a request.
[[nodiscard]] std::string key_member(std::string_view key);

}  // namespace sunder::harness::etcd
