// ApiServer: the control API over HTTP, on a socket that may be older than the network namespace of this process.
//
// client → HTTP (its own threads) → **ApiServer** → handle() → Switchboard.
// bind() only makes the listening socket: it may be called before unshare and fork, starts no thread, and the socket
// stays in the namespace where it was made. start() begins to serve. A run makes two: one on the host's loopback, one
// inside the router's namespace.
// Who is refused: security.hpp; the bounds: limits.hpp. Every connection serves one request, and only requests that have
// come as a whole take a thread (http_door.hpp). A lease that is held open (POST /v1/leases) has a thread of its own from
// a second share of them.
// Thread: bind, start and stop from one thread; requests on threads of the server, which take no signals.
// Ownership: owns the socket and its threads; borrows the Switchboard between start and stop.
// Tested by tests/control/server_test.cpp.
#pragma once

#include <memory>
#include <string>

#include "control/limits.hpp"
#include "control/proxies.hpp"
#include "control/security.hpp"
#include "control/switchboard.hpp"
#include "control/toxiproxy/toxiproxy.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

class ApiServer {
 public:
  static constexpr std::size_t kBodyMax = control::kBodyMax;

  /// `host` is an IPv4 address; port 0 takes a free one. An address that others can reach needs a token, a network of
  /// sunder's own, or `toxiproxy_open`. ERRORS: unavailable (port in use), unsupported (not_loopback), invalid, io.
  static Result<std::unique_ptr<ApiServer>> bind(const std::string& host, int port,
                                                 Access access = {});
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string url() const;  ///< "http://127.0.0.1:8474"
  /// Begins to serve. With `toxiproxy` every path but /v1 and /metrics is that API; `proxies` are those of /v1/proxies.
  /// REQUIRES not started.
  void start(Switchboard& switchboard, toxiproxy::Toxiproxy* toxiproxy = nullptr,
             ProxyTable* proxies = nullptr);
  /// Closes the socket and waits for requests under way. Idempotent; the destructor calls it.
  void stop();

 private:
  struct State;
  explicit ApiServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sunder::control
