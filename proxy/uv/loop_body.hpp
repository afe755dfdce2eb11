// The inside of Loop, for the other files of proxy/uv only: the one header that includes <uv.h>.
//
// Sockets stand in an epoll set of our own, and libuv's set is one entry of it (its manual calls
// this embedding, uv_backend_fd): uv_poll costs 16 epoll_ctl for a short connection, this costs 5.
// Thread: the loop's, but for what `mutex` guards.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "proxy/uv/loop.hpp"
#include "proxy/uv/poll.hpp"

namespace sunder::proxy::uv {

/// What another thread wants to be run on the loop.
struct Order {
  std::function<void()> run;
  Nanos posted_at = 0;
};

struct Loop::Body {
  uv_loop_t loop{};
  uv_async_t async{};
  UniqueFd epoll;
  std::size_t polls = 0;                  ///< open now
  std::vector<Poll::Body*> closed_polls;  ///< freed when the turn ends
  std::uint64_t activity = 0;             ///< callbacks so far: a busy turn from an idle one
  std::uint32_t window = 0;               ///< which window of kTalkersWindow it is
  unsigned talkers = 0;                   ///< descriptors that had events in this window
  LoopLag lag;
  std::atomic<bool> ordered = false;  ///< there are orders: looked at between callbacks
  std::mutex mutex;
  std::vector<Order> orders;  ///< guarded by mutex
  bool closed = false;        ///< guarded by mutex
};

/// One descriptor in the loop's epoll set. The set points to it, so that it lives until the turn in
/// which it was closed has ended.
struct Poll::Body {
  Loop::Body* loop = nullptr;
  PollHandler* handler = nullptr;  ///< nullptr: closed
  int fd = -1;
  std::uint32_t window = 0;  ///< the last one in which it had events
  unsigned tag = 0;
  unsigned watching = 0;
};

/// Reports what epoll has seen.
void dispatch(Poll::Body& poll, std::uint32_t seen) noexcept;
void free_closed_polls(Loop::Body& body) noexcept;

/// A negative libuv code as an Error.
inline Error uv_error(const char* what, int code) {
  return {ErrorCode::io, std::string(what) + ": " + uv_strerror(code)};
}

}  // namespace sunder::proxy::uv
