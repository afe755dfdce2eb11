// NodeProcesses: which processes are which node, and which sockets they have open.
//
// serve (configuration), Switchboard::set_pids → **NodeProcesses** → identify by process, bypass
// detector.
// Children and their children belong to the node too: a shell script that starts a database is
// named by its own pid.
// Source: proc(5), /proc/PID/task/TID/children and /proc/PID/fd ("socket:[inode]"). Processes of
// other users can't be read without privilege: their sockets are nobody's.
// Thread: any; a lock inside, not held while /proc is read. Tested by
// tests/proxy/identify_test.cpp.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "sunder/topology.hpp"

namespace sunder::proxy {

struct SocketOwner {
  NodeId node = kUnknownNode;
  pid_t pid = 0;
};
/// By the inode of the socket.
using SocketOwners = std::unordered_map<std::uint32_t, SocketOwner>;

class NodeProcesses {
 public:
  static constexpr std::size_t kPidsMax = 4096;          ///< looked at, of all nodes, with children
  static constexpr std::size_t kSocketsMax = 1'000'000;  ///< remembered of one look

  /// Replaces what was said of the node; an empty list forgets it.
  void set(NodeId node, std::vector<pid_t> pids);
  /// The node is being started: until set(), a connection of nobody may be its.
  void expect(NodeId node);
  [[nodiscard]] bool expecting() const;
  /// As they were set; without children.
  [[nodiscard]] std::vector<pid_t> pids(NodeId node) const;
  /// How many nodes have processes.
  [[nodiscard]] std::size_t nodes() const;
  /// Reads /proc. COST: a system call for each descriptor of each process.
  [[nodiscard]] SocketOwners sockets() const;

 private:
  mutable std::mutex mutex_;
  std::map<NodeId, std::vector<pid_t>> pids_;
  std::set<NodeId> expected_;
};

}  // namespace sunder::proxy
