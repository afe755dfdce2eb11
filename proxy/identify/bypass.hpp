// Bypass detector: connections between node processes that go around the proxy.
//
// SockDiag (all sockets) + NodeProcesses (whose they are) → **find_bypasses** → status note, event
// `bypass`.
// A connection through the proxy has the proxy's socket at its other end; one that has a socket of
// another node there is a bypass, and no fault acts on it. It sees this network namespace, and
// what is open at the moment of the look.
// Thread: find_bypasses is pure. Tested by tests/proxy/identify_test.cpp and
// tests/cluster/serve_test.py.
#pragma once

#include <vector>

#include "proxy/identify/node_processes.hpp"
#include "proxy/identify/sock_diag.hpp"

namespace sunder::proxy {

struct Bypass {
  PairId pair;  ///< who dialled whom; where nobody listens any more, the greater port dialled
  pid_t from_pid = 0;
  pid_t to_pid = 0;
  Address from;
  Address to;
};

/// One for each connection; ordered by pair.
[[nodiscard]] std::vector<Bypass> find_bypasses(const std::vector<SocketLine>& sockets,
                                                const SocketOwners& owners);
/// Looks now. ERRORS: io.
[[nodiscard]] Result<std::vector<Bypass>> look_for_bypasses(const NodeProcesses& processes);

}  // namespace sunder::proxy
