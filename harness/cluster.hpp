// Cluster: the database nodes of a run, as the runner and the nemesis see them.
//
// The supervisor (harness/supervisor.cpp) implements it over the launcher process; see docs/internals/ARCHITECTURE.md.
// Thread: any, unless stated; calls block for at most a launcher round trip.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "sunder/result.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {

struct NodeStatus {
  std::string name;
  Ipv4 ip = 0;
  std::uint16_t client_port = 0;  ///< where clients connect, on `ip`
  pid_t pid = 0;                  ///< in the pid namespace of this process; 0: not running
  bool alive = false;
  std::string endpoint;  ///< host:port on the host, for a wrapped command
  std::string log;       ///< path of its log file on the host
  int exit_status = 0;   ///< wait status once it has ended
};

class ProgramHost;

/// How clients talk to a database: [client] of its system.toml.
struct ClientKind {
  std::string kind;                            ///< a name of clients/list.def
  std::vector<std::string> command;            ///< of kind exec
  std::map<std::string, std::string> options;  ///< for the adapter
};

class Cluster {
 public:
  virtual ~Cluster() = default;
  [[nodiscard]] virtual std::string system() const = 0;   ///< "etcd"
  [[nodiscard]] virtual std::string version() const = 0;  ///< "3.4.23"
  [[nodiscard]] virtual std::vector<NodeStatus> nodes() const = 0;
  /// The adapter that talks to its nodes; by default the one of the system's name.
  [[nodiscard]] virtual ClientKind client_kind() const { return {system(), {}, {}}; }
  /// Who starts the programs of exec clients; none where the cluster has no such clients.
  virtual ProgramHost* programs() { return nullptr; }
  /// Moves the calling thread into the client namespace (no-op outside netns mode). Sockets that it makes from now on
  /// reach the nodes through the proxy. Thread: the one that calls, for good.
  virtual Status enter_client_namespace() = 0;
  /// Moves the calling thread into a node's own namespace: for probes that must not meet the proxy's faults.
  virtual Status enter_node_namespace(const std::string& node) = 0;
  /// Sends a signal to the node's process group. The node is marked down when its process has ended.
  virtual Status signal(const std::string& node, int signal) = 0;
  /// Starts a node again that has ended, with its data as it left it.
  virtual Status start(const std::string& node) = 0;
  /// Sets the wall clocks of the node's processes off by so much; 0: right again. ERRORS: unsupported (they were not
  /// started so, or their program does not take it), io.
  virtual Status skew(const std::string& node, Nanos offset) {
    static_cast<void>(offset);
    return Error{ErrorCode::unsupported, "the clock of node " + node + " can't be set off"};
  }
  /// True where one of them has asked for the time since skew().
  virtual bool asked_for_time(const std::string& node) {
    static_cast<void>(node);
    return false;
  }
  /// Blocks until every node answers its readiness probe inside its own namespace. ERRORS: timeout, unavailable (a node has
  /// ended); both name the nodes.
  virtual Status wait_ready(Nanos timeout) = 0;
};

}  // namespace sunder::harness
