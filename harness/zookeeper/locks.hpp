// Locks on ZooKeeper: the recipe of its documentation, a queue of znodes that end with their session.
//
// operation → **Locks** → a session of its own → outcome. The lock /KEY is a znode whose children stand in line:
//
//   acquire   create2 of an ephemeral sequential child; getChildren: the lowest number holds, all others look after the one
//             before them (exists) and at all children again once it is gone. Who does not get it in three quarters of the
//             operation's time removes its znode: fail/mismatch where that was answered, else info.
//   release   delete of that znode. NoNode: the session had expired, and the lock with it: fail/mismatch.
//
// The fencing token is the znode's czxid. It is polled and not watched, for a watch speaks between two requests.
// The session lives for `life` without a request, and the lock with it. Nobody pings for a client that keeps a lock: it
// does nothing else, as one that is held up. Where an acquire or a release is open the session is left to its end, so that
// the lock ends with it; a release is open whatever stopped it, for the lock ends then and nobody tells when.
// REQUIRES of the system: a node without a majority stops answering (tickTime × syncLimit) before a session of `life` ends
// on the other side; a local read there could else show a queue in which our znode is gone already.
// Thread: one client's. Tested by tests/harness/zookeeper_locks_test.cpp, tests/cluster/zookeeper_test.py.
#pragma once

#include <map>
#include <string>

#include "harness/operation.hpp"
#include "harness/zookeeper/session.hpp"

namespace sunder::harness::zookeeper {

class Locks {
 public:
  Locks(IpPort node, Ipv4 source, Nanos life) : session_(node, source, life) {}
  /// acquire or release, within `timeout`.
  [[nodiscard]] Outcome invoke(const OpRequest& request, Nanos timeout);
  void close() { session_.close(); }

 private:
  [[nodiscard]] Outcome acquire(const OpRequest& request, Nanos timeout);
  [[nodiscard]] Outcome release(const OpRequest& request);
  [[nodiscard]] Answer stand_in_line(const OpRequest& request);
  [[nodiscard]] Answer await_turn(const std::string& own);
  [[nodiscard]] Outcome give_up(const std::string& own, Outcome why);

  Session session_;
  std::map<std::string, std::string> held_;  // by lock: our znode
  Nanos deadline_ = 0;                       // of the operation
  Nanos patience_ = 0;                       // when to give up waiting
  Nanos look_until_ = 0;  // later: what is asked just before that must have time for its answer
};

}  // namespace sunder::harness::zookeeper
