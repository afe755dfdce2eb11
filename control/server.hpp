// ApiServer: the control API over HTTP, on a socket that may be older than the network namespace of this process.
//
// client → HTTP (its own threads) → **ApiServer** → handle() → Switchboard.
// bind() only makes the listening socket: it may be called before unshare and fork, starts no thread, and the socket
// stays in the namespace where it was made. start() begins to serve. A run makes two: one on the host's loopback, one
// inside the router's namespace.
// Refused with 403: requests that come from a web page (Origin, Sec-Fetch-*, a browser's user agent). Bodies are at most
// 1 MiB. Every connection serves one request, so that none of the few threads is held by an idle peer.
// Thread: bind, start and stop from one thread; requests on threads of the server, which take no signals.
// Ownership: owns the socket and its threads; borrows the Switchboard between start and stop.
// Tested by tests/control/server_test.cpp.
#pragma once

#include <memory>
#include <string>

#include "control/switchboard.hpp"
#include "control/toxiproxy/toxiproxy.hpp"
#include "sunder/result.hpp"

namespace sunder::control {

class ApiServer {
 public:
  static constexpr std::size_t kBodyMax = 1U << 20;
  static constexpr unsigned kThreads = 8;

  /// Who can reach the address: there is no token, so anything but loopback needs a network of sunder's own.
  enum class Reach { loopback_only, private_network };

  /// `host` is an IPv4 address; port 0 takes a free one. ERRORS: unavailable (port in use), unsupported (an address that
  /// others can reach), invalid, io.
  static Result<std::unique_ptr<ApiServer>> bind(const std::string& host, int port,
                                                 Reach reach = Reach::loopback_only);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string url() const;  ///< "http://127.0.0.1:8474"
  /// Begins to serve. With `toxiproxy` every path but /v1 and /metrics is that API. REQUIRES not started.
  void start(Switchboard& switchboard, toxiproxy::Toxiproxy* toxiproxy = nullptr);
  /// Closes the socket and waits for requests under way. Idempotent; the destructor calls it.
  void stop();

 private:
  struct State;
  explicit ApiServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sunder::control
