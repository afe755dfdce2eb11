// ServeConfig: what `sunder serve --config F` reads: nodes, links, proxies and faults of explicit mode.
//
// TOML file → **load_serve_config** → serve, which opens the listeners and puts the faults in force.
// All mistakes of form are found here, with file:line; what only the running proxy can know (a port in use, a
// parameter of a fault kind) is told with `where` of the table it came from.
// Thread: pure but for reading the file. Tested by tests/cluster/serve_test.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/proxies.hpp"
#include "sunder/fault.hpp"
#include "sunder/result.hpp"

namespace sunder::cli {

struct ServeNode {
  std::string name;
  std::string address;    ///< "host:port" where it listens; empty for one that only dials
  Ipv4 source = 0;        ///< from which it dials; 0: not known
  std::vector<int> pids;  ///< its processes; empty: not known
};

/// A listener of its own for one pair: what comes in there is sent by `from` to `to`. With `from`
/// "*" it serves every source, and who dialled is found out for each connection.
struct ServeLink {
  std::string from;
  std::string to;
  std::string listen;               ///< as asked for; with the real port once it is open
  std::string upstream;             ///< the address of `to`
  std::size_t connections_max = 0;  ///< open at once; 0: as many as stands by default
  std::string where;                ///< "file:line"
};

struct ServeFault {
  FaultSpec fault;
  bool to_server = true;  ///< of a proxy's fault: the directions it acts on
  bool to_client = false;
  std::string where;
};

struct ServeProxy {
  control::ProxySpec spec;
  std::vector<ServeFault> faults;  ///< in force before it accepts
  std::string where;
};

struct ServeConfig {
  std::optional<std::string> api_listen;
  std::optional<unsigned> threads;
  std::optional<Nanos> spin;
  std::size_t connections_max = 0;  ///< at listeners without their own; 0: as many as by default
  std::vector<ServeNode> nodes;
  std::vector<ServeLink> links;
  std::vector<ServeProxy> proxies;
  std::vector<ServeFault> faults;
};

/// Connections open at once that a listener may be given.
inline constexpr std::size_t kConnectionsMax = 1'000'000;

/// ERRORS: not_found, io; invalid with file:line.
[[nodiscard]] Result<ServeConfig> load_serve_config(const std::string& path);

}  // namespace sunder::cli
