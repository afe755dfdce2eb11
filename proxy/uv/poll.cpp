// Poll and Timer: see poll.hpp. Tested by tests/proxy/uv_test.cpp.
#include "proxy/uv/poll.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/assert.hpp"
#include "proxy/uv/loop_body.hpp"

namespace sunder::proxy::uv {

struct Poll::Body {
  uv_poll_t handle{};
  Loop::Body* loop = nullptr;
  PollHandler* handler = nullptr;
  unsigned tag = 0;
  unsigned watching = 0;
};

namespace {

int to_uv(unsigned events) {
  int out = 0;
  if ((events & kReadable) != 0) out |= UV_READABLE;
  if ((events & kWritable) != 0) out |= UV_WRITABLE;
  if ((events & kDisconnected) != 0) out |= UV_DISCONNECT;
  // libuv only registers a descriptor that wants something; errors then come along unasked.
  // "Urgent" is the want that never comes (SO_OOBINLINE is set).
  if ((events & kErrorsOnly) != 0) out |= UV_PRIORITIZED;
  return out;
}

void ready(uv_poll_t* handle, int status, int events) {
  auto& body = *static_cast<Poll::Body*>(handle->data);
  ++body.loop->activity;
  unsigned out = 0;
  if (status < 0) {  // libuv has stopped the handle: EPOLLERR
    body.watching = 0;
    out = kError;
  } else {
    if ((events & UV_READABLE) != 0) out |= kReadable;
    if ((events & UV_WRITABLE) != 0) out |= kWritable;
    if ((events & UV_DISCONNECT) != 0) out |= kDisconnected;
    if ((events & UV_PRIORITIZED) != 0) out |= kErrorsOnly;
  }
  body.handler->poll_ready(body.tag, out);  // may close the Poll; the body lives on
}

}  // namespace

Status Poll::open(Loop& loop, int fd, PollHandler& handler, unsigned tag) {
  SUNDER_ASSERT(body_ == nullptr);
  auto* body = new Body;
  body->loop = &loop.body();
  body->handler = &handler;
  body->tag = tag;
  if (const int code = uv_poll_init(&body->loop->loop, &body->handle, fd); code != 0) {
    delete body;
    return uv_error("cannot watch a socket", code);
  }
  body->handle.data = body;
  body_ = body;
  return {};
}

void Poll::watch(unsigned events) noexcept {
  if (body_ == nullptr || body_->watching == events) return;
  const int code = events == 0 ? uv_poll_stop(&body_->handle)
                               : uv_poll_start(&body_->handle, to_uv(events), ready);
  SUNDER_ASSERT(code == 0);
  body_->watching = events;
}

void Poll::close() noexcept {
  if (body_ == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&body_->handle),
           [](uv_handle_t* handle) { delete static_cast<Body*>(handle->data); });
  body_ = nullptr;
}

Status Timer::open(Loop& loop, TimerHandler& handler) {
  fd_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!fd_) return errno_error("cannot open a timer", errno);
  handler_ = &handler;
  SUNDER_TRY(poll_.open(loop, fd_.get(), *this, 0));
  poll_.watch(kReadable);
  return {};
}

void Timer::arm(Nanos at) noexcept {
  if (at < 1) at = 1;  // 0 would disarm
  itimerspec spec{};
  spec.it_value.tv_sec = at / kSecond;
  spec.it_value.tv_nsec = at % kSecond;
  ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void Timer::close() noexcept {
  poll_.close();
  fd_.reset();
}

void Timer::poll_ready(unsigned /*tag*/, unsigned /*events*/) noexcept {
  std::uint64_t count = 0;
  if (::read(fd_.get(), &count, sizeof count) != static_cast<ssize_t>(sizeof count)) return;
  handler_->timer_fired();
}

}  // namespace sunder::proxy::uv
