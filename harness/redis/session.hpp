// Session: one connection to one Redis server, one command at a time, each within a deadline.
//
// adapter → **Session** → server. Thread: one. Tested by tests/harness/redis_client_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/redis/wire.hpp"
#include "harness/stream.hpp"

namespace sunder::harness::redis {

struct Answer {
  StreamStep step;  ///< not ok: what happened to the connection, and there is no reply
  Reply reply;
};

class Session {
 public:
  Session(IpPort server, Ipv4 source) : stream_(server, source) {}

  /// Connects where there is no connection, sends the command and waits for its reply.
  Answer ask(const std::vector<std::string>& words, Nanos deadline);
  /// The same, but on the connection of the command before: a question about that one, as WAIT is.
  Answer ask_also(const std::vector<std::string>& words, Nanos deadline);
  void close() { stream_.close(); }

 private:
  Answer exchange(const std::vector<std::string>& words, Nanos deadline);
  Answer receive(Nanos deadline);

  Stream stream_;
  Replies replies_;
};

}  // namespace sunder::harness::redis
