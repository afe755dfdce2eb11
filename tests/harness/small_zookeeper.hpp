// What tests of ZooKeeper's client share: the server's half of the protocol, to be spoken on the connections of a SmallNode.
#pragma once

#include <cstdint>
#include <string>

#include "harness/zookeeper/wire.hpp"
#include "tests/harness/small_node.hpp"

namespace sunder::harness::test {

using zookeeper::Call;

/// A frame without its length; empty at the end of the connection.
inline std::string take_frame(int fd) {
  const std::string head = take(fd, 4);
  if (head.empty()) return {};
  return take(fd, static_cast<std::size_t>(zookeeper::Reader(head).number()));
}

struct Ask {
  std::int32_t xid = 0;
  Call call = Call::sync;
  std::string path;
};

/// Takes a hello and answers with such a session. `asked`: the session that the client wants to take up; 0: a new one.
inline bool greet(int fd, std::int32_t life = 30000, std::int64_t id = 77,
                  std::int64_t* asked = nullptr) {
  const std::string theirs = take_frame(fd);
  if (theirs.empty()) return false;
  zookeeper::Reader in(theirs);
  in.skip(16);  // version, zxid, life
  if (asked != nullptr) *asked = in.number64();
  zookeeper::Writer hello;
  hello.number(0).number(life).number64(id).text(std::string(16, 'p')).flag(false);
  say(fd, zookeeper::framed(hello.bytes()));
  return true;
}

/// RETURNS false at the end of the connection.
inline bool take_ask(int fd, Ask* ask) {
  const std::string frame = take_frame(fd);
  if (frame.empty()) return false;
  zookeeper::Reader in(frame);
  ask->xid = in.number();
  ask->call = static_cast<Call>(in.number());
  ask->path = in.text();
  return true;
}

inline void reply(int fd, const Ask& ask, std::int32_t error, const std::string& body = {}) {
  zookeeper::Writer head;
  head.number(ask.xid).number64(5).number(error);
  say(fd, zookeeper::framed(head.bytes() + body));
}

inline std::string data_body(const std::string& text, std::int32_t version,
                             std::int32_t children = 0) {
  zookeeper::Writer out;
  out.text(text).number64(1).number64(2).number64(3).number64(4).number(version);
  out.number(0).number(0).number64(0).number(0).number(children).number64(0);
  return out.bytes();
}

}  // namespace sunder::harness::test
