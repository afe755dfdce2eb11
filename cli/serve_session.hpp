// ServeSession: the proxy of explicit mode with its API, from its options to running, and back to nothing.
//
// serve (the command) → **ServeSession** → ExplicitNetwork, with the listeners and faults of the configuration.
// The API answers only when everything of the configuration is in force.
// Thread: the main thread. Ownership: owns the network and the run-time file; the destructor ends both.
// Tested by tests/cluster/serve_test.py.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/serve_config.hpp"
#include "control/proxies.hpp"

namespace sunder::cli {

struct ServeOptions {
  std::string listen = "127.0.0.1:8474";
  unsigned threads = 1;
  Nanos spin = 60 * kMicrosecond;
  std::size_t connections_max = 0;  ///< at a listener without its own; 0: as stands by default
  bool toxiproxy_open = false;      ///< its routes need no token, also where others can reach them
  std::string token_file;           ///< of the token that callers must send; empty: $SUNDER_TOKEN
  std::string toxiproxy_config;     ///< path; empty: none
  std::string config;               ///< its path, for the run-time file
  ServeConfig plan;
};

class ServeSession {
 public:
  /// ERRORS: unavailable (port in use), unsupported (an address that others can reach), invalid, io.
  static Result<std::unique_ptr<ServeSession>> start(const ServeOptions& options);
  ~ServeSession();
  ServeSession(const ServeSession&) = delete;
  ServeSession& operator=(const ServeSession&) = delete;

  [[nodiscard]] std::string api_url() const;
  [[nodiscard]] std::vector<control::ProxyLine> proxies() const;
  /// With their real addresses.
  [[nodiscard]] const std::vector<ServeLink>& links() const;

 private:
  struct State;
  explicit ServeSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sunder::cli
