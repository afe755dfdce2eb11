// Poll and Timer: see poll.hpp. Source: epoll(7), timerfd_create(2). Tested by tests/proxy/uv_test.cpp.
#include "proxy/uv/poll.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/assert.hpp"
#include "proxy/uv/loop_body.hpp"

namespace sunder::proxy::uv {

namespace {

std::uint32_t to_epoll(unsigned events) {
  std::uint32_t out = 0;  // errors come unasked: all of kErrorsOnly
  if ((events & kReadable) != 0) out |= EPOLLIN;
  if ((events & kWritable) != 0) out |= EPOLLOUT;
  if ((events & kDisconnected) != 0) out |= EPOLLRDHUP;
  return out;
}

/// A descriptor that is watched for nothing is not in the set: a hang-up would be reported forever.
void change_set(const Poll::Body& body, unsigned before, unsigned after) noexcept {
  const int how = after == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{};
  event.events = to_epoll(after);
  event.data.ptr = const_cast<Poll::Body*>(&body);
  const int code = ::epoll_ctl(body.loop->epoll.get(), how, body.fd, &event);
  SUNDER_ASSERT(code == 0 || (how == EPOLL_CTL_ADD && (errno == ENOSPC || errno == ENOMEM)));
}

}  // namespace

void dispatch(Poll::Body& body, std::uint32_t seen) noexcept {
  if (body.handler == nullptr) return;  // closed in this turn
  Loop::Body& loop = *body.loop;
  ++loop.activity;
  if (body.window != loop.window) {
    body.window = loop.window;
    ++loop.talkers;
  }
  unsigned out = 0;
  if ((seen & EPOLLERR) != 0) {
    change_set(body, body.watching, 0);
    body.watching = 0;
    out = kError;
  } else {
    if ((seen & EPOLLIN) != 0) out |= kReadable;
    if ((seen & EPOLLOUT) != 0) out |= kWritable;
    if ((seen & EPOLLRDHUP) != 0) out |= kDisconnected;
    out &= body.watching;
    // A hang-up alone: all that was asked for is ready in the sense that nothing better will come.
    if (out == 0 && (seen & EPOLLHUP) != 0) out = body.watching;
    if (out == 0) return;
  }
  body.handler->poll_ready(body.tag, out);  // may close the Poll; the body lives on
}

void free_closed_polls(Loop::Body& body) noexcept {
  for (Poll::Body* poll : body.closed_polls) delete poll;
  body.closed_polls.clear();
}

Status Poll::open(Loop& loop, int fd, PollHandler& handler, unsigned tag) {
  SUNDER_ASSERT(body_ == nullptr);
  body_ = new Body{&loop.body(), &handler, fd, 0, tag, 0};
  ++body_->loop->polls;
  return {};
}

void Poll::watch(unsigned events) noexcept {
  if (body_ == nullptr || body_->watching == events) return;
  const unsigned before = std::exchange(body_->watching, events);
  change_set(*body_, before, events);
}

void Poll::close() noexcept {
  if (body_ == nullptr) return;
  watch(0);
  body_->handler = nullptr;
  Loop::Body& loop = *body_->loop;
  --loop.polls;
  loop.closed_polls.push_back(std::exchange(body_, nullptr));
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
