// Security: who may use the control API. Pure decisions over the head of a request.
//
// HTTP head → **refusal()** → 401, 403, or on to the routes. Rules (docs/reference/http-api.md):
//   a web page           refused: Origin, Sec-Fetch-*, a browser's user agent
//   a name as Host       refused on loopback: a page elsewhere may have its name point to 127.0.0.1 (DNS rebinding)
//   any other address    needs the token, `Authorization: Bearer …` (RFC 6750), compared in constant time
// `toxiproxy_open` lifts the token and the check of Host for the Toxiproxy routes, whose clients know neither.
// Thread: pure. Tested by tests/control/security_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sunder/result.hpp"

namespace sunder::control {

/// Who can reach the address that the API listens on.
enum class Reach {
  loopback_only,
  private_network,  ///< a network namespace of sunder's own
  everybody,        ///< demands a token
};

struct Access {
  Reach reach = Reach::loopback_only;
  std::string token;  ///< empty: none; where there is one it is demanded on loopback, too
  bool toxiproxy_open = false;
};

struct RequestHead {
  bool toxiproxy = false;  ///< for a route of the Toxiproxy API
  std::vector<std::pair<std::string, std::string>> headers;
};

struct Refusal {
  int status = 403;
  const char* id = "";
  const char* message = "";
};

/// RETURNS nothing where the request may go on.
[[nodiscard]] std::optional<Refusal> refusal(const Access& access, const RequestHead& head);

/// The time that it takes depends on the length of `given` only.
[[nodiscard]] bool same_secret(std::string_view given, std::string_view secret);
/// "localhost", an address, each with or without a port: what no DNS server can point elsewhere.
[[nodiscard]] bool names_this_machine(std::string_view host);

/// The token of that file (its first line), or where `path` is empty of $SUNDER_TOKEN; empty where there is neither.
/// ERRORS: not_found, invalid (shorter than kTokenMin, longer than kTokenMax, or with blanks in it).
[[nodiscard]] Result<std::string> read_token(const std::string& path);

}  // namespace sunder::control
