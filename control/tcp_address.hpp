// TcpAddress: "host:port" as people write it → a socket that listens there.
//
// proxy's `listen` → **resolve_tcp** / **listen_tcp** → descriptor and the address that it really has → ProxyTable.
// The rules and the words of the errors are those of Go's net package ("listen tcp 127.0.0.1:80: bind: permission
// denied"), because the Toxiproxy API passes them on to its clients; they are plain enough for everybody else.
// No host (":8080", "") means every address of the machine, IPv6 and IPv4; no port or port 0 takes a free one.
// Thread: any; a name is looked up in place and may take as long as the resolver does.
// Tested by tests/control/proxies_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

struct HostPort {
  std::string host;
  std::string port;
};
/// ERRORS: invalid: "address x: missing port in address".
[[nodiscard]] Result<HostPort> split_host_port(std::string_view text);

/// ERRORS: invalid: no number from 0 to 65535; names of services are none.
[[nodiscard]] Result<std::uint16_t> numeric_port(const HostPort& address);

/// The numeric form: "127.0.0.1:26379", "[::1]:80", ":80" where there is no host. ERRORS: invalid.
[[nodiscard]] Result<std::string> resolve_tcp(std::string_view text);

struct ListeningSocket {
  UniqueFd fd;
  std::string address;  ///< with its real port: "127.0.0.1:26379", "[::]:80"
};
/// ERRORS: invalid, io, unavailable (in use).
[[nodiscard]] Result<ListeningSocket> listen_tcp(std::string_view text);

}  // namespace sunder::control
