// HttpDoor: takes in HTTP requests and gives out answers, so that no slow peer holds a thread that answers.
//
// accepted sockets → **HttpDoor** (one thread, poll) → whole requests → threads that answer → HttpDoor → the peer.
// A connection is a *guest*: it is read until its request is whole (RequestScan), answered on a thread of the pool, and
// what does not fit into its socket is sent as it reads; then what it still sends is read and dropped for kLingerTime,
// because closing a socket with unread bytes would reset it and lose the answer. Each stage has its time (limits.hpp).
// With kGuestsMax guests, or out of descriptors, the guest that has waited longest goes: a request from nearby is whole
// within a millisecond, so the slow ones are those in front. With kGuestBytesMax bytes the longest request goes.
// Every connection serves one request.
// Thread: start and stop from one thread. Ownership: owns the listening socket, the guests and its threads.
// Tested by tests/control/http_door_test.cpp, tests/control/server_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/fd.hpp"

namespace sunder::control {

class HttpDoor {
 public:
  /// Answers one request; called on a thread of the pool. RETURNS what is still to be sent to `fd`.
  using Serve = std::function<std::string(int fd, std::string request)>;

  HttpDoor();
  ~HttpDoor();
  HttpDoor(const HttpDoor&) = delete;
  HttpDoor& operator=(const HttpDoor&) = delete;

  /// REQUIRES a listening socket; not started before. `threads` answer.
  void start(UniqueFd listener, unsigned threads, Serve serve);
  /// Takes nothing in any more and waits for requests under way. Idempotent; the destructor calls it.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sunder::control
