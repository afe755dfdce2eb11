// Session: one session of ZooKeeper with one node, one request at a time, each within a deadline.
//
// adapter → **Session** → node. The protocol is spoken here and not by libzookeeper, because that library can't bind
// its socket to an address, by which the proxy knows whose connection it is, and does not tell whether a byte left.
// After a break the next request takes the session up again at the same node, and tells the newest zxid that it has
// seen: a node that is behind that turns it away. A session that has expired is followed by a new one, before anything
// of the operation is sent. Pings aren't sent: clients are never idle for as long as their session lives.
// Thread: one. Tested by tests/harness/zookeeper_client_test.cpp.
#pragma once

#include <string>

#include "harness/stream.hpp"
#include "harness/zookeeper/wire.hpp"
#include "sunder/time.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness::zookeeper {

class Session {
 public:
  /// `source` 0: any address. `life`: how long the node keeps the session without a request.
  Session(IpPort node, Ipv4 source, Nanos life);

  /// Connects and opens or takes up the session where there is none. RETURNS answered when there is one.
  Answer connect(Nanos deadline);
  Answer exchange(Call call, const std::string& body, Nanos deadline);
  /// A four-letter word, on a connection of its own. RETURNS the answer in `body`.
  Answer word(const std::string& word, Nanos deadline);
  void close() { stream_.close(); }
  /// Leaves the session to its end: the next request has a new one. What the node keeps for it ends when its life is over.
  void forget();

 private:
  Answer handshake(Nanos deadline);
  Answer receive(Nanos deadline);  // one frame

  IpPort node_;
  Ipv4 source_;
  Nanos life_;
  Stream stream_;
  std::string arrived_;
  std::int64_t id_ = 0;  // 0: no session yet
  std::string password_;
  std::int64_t seen_ = 0;  // zxid
  std::int32_t xid_ = 0;
};

}  // namespace sunder::harness::zookeeper
