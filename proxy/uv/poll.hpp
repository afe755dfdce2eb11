// Poll: readiness of one descriptor, reported to a handler. Timer: one absolute deadline, finer
// than a millisecond.
//
// Loop → **Poll** → Connection, Listener; Loop → **Timer** → Deadlines.
// Sockets are watched and not streamed: libuv 1.44 streams report data followed by RST as a clean
// end, and see nothing at all while reading is stopped. A poll without kReadable still sees an RST
// (kError), and a FIN with kDisconnected. They stand in the loop's own epoll set (loop_body.hpp),
// level-triggered. What the set points to is freed only when the turn ends, so a Poll may be closed
// or destroyed at any moment, its own callback included.
// Timer is a timerfd, because uv_timer rounds to milliseconds.
// Thread: the loop's. Ownership: the descriptor of a Poll stays the caller's; close the Poll first.
// Source: epoll(7), timerfd_create(2). Tested by tests/proxy/uv_test.cpp.
#pragma once

#include "base/fd.hpp"
#include "proxy/uv/loop.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::proxy::uv {

inline constexpr unsigned kReadable = 1;
inline constexpr unsigned kWritable = 2;
inline constexpr unsigned kDisconnected = 4;  ///< the other end will send no more (FIN, or worse)
inline constexpr unsigned kErrorsOnly = 8;    ///< asked: see errors; reported: nothing to watch for
inline constexpr unsigned kError = 16;        ///< reported: the socket has failed, watching ended

class PollHandler {
 public:
  /// `tag` is the one given to Poll::open.
  virtual void poll_ready(unsigned tag, unsigned events) noexcept = 0;

 protected:
  ~PollHandler() = default;
};

class Poll {
 public:
  Poll() noexcept = default;
  ~Poll() { close(); }
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  /// REQUIRES closed. ERRORS: io.
  Status open(Loop& loop, int fd, PollHandler& handler, unsigned tag);
  /// Watches for exactly these events; 0 for none. COST: free when nothing changes, else one
  /// system call.
  void watch(unsigned events) noexcept;
  /// No callback comes after it.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return body_ != nullptr; }

  struct Body;

 private:
  Body* body_ = nullptr;  ///< freed when the turn of its close ends
};

class TimerHandler {
 public:
  virtual void timer_fired() noexcept = 0;

 protected:
  ~TimerHandler() = default;
};

class Timer final : PollHandler {
 public:
  /// ERRORS: io.
  Status open(Loop& loop, TimerHandler& handler);
  /// Fires once at that moment of CLOCK_MONOTONIC (at once if it has passed); replaces what was
  /// armed.
  void arm(Nanos at) noexcept;
  void close() noexcept;

 private:
  void poll_ready(unsigned tag, unsigned events) noexcept override;

  UniqueFd fd_;
  Poll poll_;
  TimerHandler* handler_ = nullptr;
};

}  // namespace sunder::proxy::uv
