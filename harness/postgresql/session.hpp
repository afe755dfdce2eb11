// Session: one connection to one PostgreSQL server, one query at a time, each within a deadline.
//
// adapter → **Session** → server. The protocol is spoken here and not by libpq, because libpq has no way to bind its
// socket to an address, by which the proxy knows whose connection it is (its connection parameters name only the other
// end), and does not tell whether a byte of a query left. Servers are to trust their clients: no password is sent.
// Thread: one. Tested by tests/harness/postgresql_client_test.cpp.
#pragma once

#include <string>

#include "harness/postgresql/wire.hpp"
#include "harness/stream.hpp"

namespace sunder::harness::postgresql {

struct Answer {
  StreamStep step;          ///< not ok: what happened to the connection
  Reply reply;              ///< also then: an error may have come before the end
  bool at_connect = false;  ///< the server, or the network, refused before the query was sent
};

class Session {
 public:
  Session(IpPort server, Ipv4 source, std::string user, std::string database)
      : stream_(server, source), user_(std::move(user)), database_(std::move(database)) {}

  /// Connects where there is no connection, sends the query and waits for its end.
  Answer query(const std::string& sql, Nanos deadline);
  void close() { stream_.close(); }

 private:
  Answer connect(Nanos deadline);
  Answer receive(Nanos deadline);

  Stream stream_;
  std::string user_;
  std::string database_;
  std::string arrived_;
};

}  // namespace sunder::harness::postgresql
