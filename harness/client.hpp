// DbClient: how the harness talks to one node of a database; one adapter per system in harness/clients/.
//
// A client is pinned to one node, has one connection and one outstanding operation, never retries and never fails over,
// so that it belongs to that node's side of a partition. After a failure it connects anew for the next operation.
// An adapter is harness/clients/<system>.cpp and a line in clients/list.def.
// Thread: one thread per client; sockets are made in the network namespace of the thread that calls.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/operation.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {

class ProgramHost;

/// What a client needs to reach its node.
struct ClientTarget {
  IpPort node;                         ///< where the node answers clients
  Ipv4 source = 0;                     ///< address that the client's sockets are bound to; 0: any
  Nanos timeout = 2 * kSecond;         ///< of a whole operation: connecting, sending and the answer
  std::string reads = "linearizable";  ///< or "serializable"
  std::string name = {};               ///< "c1"; a probe's: "probe-n1"
  std::map<std::string, std::string> options =
      {};  ///< of the system's [client], as the adapter documents them
  std::vector<std::string> command = {};  ///< exec: the program
  std::string inside = {};                ///< exec: in this node's namespace; empty: the clients'
  ProgramHost* programs = nullptr;        ///< exec: who starts it; LIFETIME: outlives the client
};

/// An option of the system's [client], which a suite may set in [cluster.client].
struct ClientOption {
  std::string name;
  std::vector<std::string> words = {};  ///< what it can be; empty: any text
  bool number = false;                  ///< a whole number, such as "2000"
};

/// What a node says about the cluster's leader. Ids are the system's own; an empty leader means: none.
struct NodeView {
  std::string self;
  std::string leader;
  std::uint64_t term = 0;
};

class DbClient {
 public:
  virtual ~DbClient() = default;
  /// Makes no connection yet. Call once, before any other.
  virtual void open(const ClientTarget& target) = 0;
  /// True where invoke() can do operations of that kind; a workload with others is refused before the run.
  [[nodiscard]] virtual bool offers(check::OpKind kind) const {
    return kind == check::OpKind::read || kind == check::OpKind::write ||
           kind == check::OpKind::cas;
  }
  /// What ClientTarget::options can hold.
  [[nodiscard]] virtual std::vector<ClientOption> options() const { return {}; }
  /// One operation; ends within the target's timeout.
  virtual Outcome invoke(const OpRequest& request) = 0;
  /// ERRORS: unavailable, timeout; unsupported where the system has no leader.
  virtual Result<NodeView> view() = 0;
  /// Closes the connection; the next operation makes a new one.
  virtual void close() = 0;
};

/// Systems that have an adapter.
[[nodiscard]] std::vector<std::string> known_clients();
/// ERRORS: unsupported, lists the systems that have an adapter.
[[nodiscard]] Result<std::unique_ptr<DbClient>> make_client(const std::string& system);

}  // namespace sunder::harness
