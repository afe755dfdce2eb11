// ExplicitNetwork: the proxy of explicit mode with its switchboard and its API, from options to running, and back to
// nothing. What `sunder serve` and EmbeddedProxy share.
//
// ServeSession (cli), EmbeddedProxy → **ExplicitNetwork** → Proxy, Switchboard, ProxyTable, Toxiproxy, ApiServer.
// start() binds the API's port, and the API answers from serve() on, so that a caller can put in force first what must
// not come late.
// Thread: start, serve and the destructor from one thread; open_link from any. Ownership: owns all of them; the
// destructor heals, then ends them in the opposite order: no thread and no descriptor is left.
// Tested by tests/embed/embedded_proxy_test.cpp, tests/cluster/serve_test.py.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/proxies.hpp"
#include "control/security.hpp"
#include "control/switchboard.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::embed {

struct ExplicitOptions {
  std::string api_host = "127.0.0.1";  ///< an IPv4 address
  int api_port = 0;                    ///< 0: a free one
  control::Access access;
  struct NodePlan {
    Node node;              ///< its `ip` is from where it dials; 0: not known
    std::vector<int> pids;  ///< its processes; empty: not known
  };
  std::vector<NodePlan> nodes;
  unsigned threads = 1;
  Nanos spin = 0;
  std::size_t connections_max = 0;  ///< at a listener without its own; 0: as stands by default
  std::uint64_t seed = 0;
};

/// A listener of its own for one pair: what comes in there is sent by `from` to `to`. With `from` "*" it serves every
/// source, and who dialled is found out for each connection.
struct LinkSpec {
  std::string from = "*";
  std::string to;
  std::string listen = "127.0.0.1:0";
  std::string upstream;             ///< where `to` really listens; a name is looked up at each dial
  std::size_t connections_max = 0;  ///< open at once; 0: as many as stands by default
  bool make_nodes = false;          ///< names that are new become nodes
};

class ExplicitNetwork {
 public:
  /// ERRORS: unavailable (port in use), unsupported (an address that others can reach), io.
  static Result<std::unique_ptr<ExplicitNetwork>> start(ExplicitOptions options);
  ~ExplicitNetwork();
  ExplicitNetwork(const ExplicitNetwork&) = delete;
  ExplicitNetwork& operator=(const ExplicitNetwork&) = delete;

  /// RETURNS the address where it listens, with its real port. A mistake in the link changes nothing.
  /// ERRORS: invalid (an address, a name), not_found (a node), unavailable (port in use), io.
  Result<std::string> open_link(const LinkSpec& link);
  /// The API answers from now on. REQUIRES not called before.
  void serve();

  [[nodiscard]] std::string api_url() const;
  [[nodiscard]] control::Switchboard& board();
  [[nodiscard]] control::ProxyTable& proxies();

 private:
  struct State;
  explicit ExplicitNetwork(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sunder::embed
