// Loop: see loop.hpp. Source: libuv 1.44 manual, "uv_async_t", "uv_backend_fd" (embedding);
// epoll(7). Tested by tests/proxy/uv_test.cpp.
#include "proxy/uv/loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/assert.hpp"
#include "proxy/uv/loop_body.hpp"

namespace sunder::proxy::uv {
namespace {

constexpr int kEventsMax = 128;  ///< of one turn
/// Spinning buys latency for a few connections that wait for each other. With more descriptors than
/// that talking in a window there is always something to do, and a spin takes the core from the
/// programs at the other ends.
constexpr unsigned kSpinTalkersMax = 8;
constexpr Nanos kTalkersWindow = kMillisecond;
/// After so many spins in vain, only one turn in kSpinRetry tries it again.
constexpr unsigned kSpinMissesMax = 8;
constexpr unsigned kSpinRetry = 16;

void run_orders(Loop::Body& body) {
  if (!body.ordered.load(std::memory_order_acquire)) return;
  ++body.activity;
  std::vector<Order> orders;
  {
    const std::lock_guard lock(body.mutex);
    orders.swap(body.orders);
    body.ordered.store(false, std::memory_order_release);
  }
  for (Order& order : orders) {
    body.lag.observe(monotonic_clock().now() - order.posted_at);
    order.run();
  }
}

/// When to ask the kernel again without sleeping.
class Spinner {
 public:
  Spinner(Nanos spin, const Clock& clock, Loop::Body& body)
      : spin_(spin), clock_(&clock), body_(&body), seen_(body.activity) {}

  [[nodiscard]] bool awake() {
    if (spin_ <= 0 || quiet_) return false;
    const Nanos now = clock_->now();
    if (now - window_began_ > kTalkersWindow) {
      window_began_ = now;
      talkers_before_ = std::exchange(body_->talkers, 0);
      ++body_->window;
    }
    if (std::max(talkers_before_, body_->talkers) > kSpinTalkersMax) return false;
    if (now - active_at_ < spin_) return spinning_ = true;
    if (spinning_) {  // in vain
      spinning_ = false;
      ++misses_;
    }
    return false;
  }

  /// After a turn.
  void turned() {
    if (spin_ <= 0 || body_->activity == seen_) return;
    seen_ = body_->activity;
    if (std::exchange(spinning_, false)) misses_ = 0;
    quiet_ = misses_ > kSpinMissesMax && ++turns_ % kSpinRetry != 0;
    active_at_ = clock_->now();
  }

 private:
  Nanos spin_;
  const Clock* clock_;
  Loop::Body* body_;
  std::uint64_t seen_;
  Nanos active_at_ = 0;
  Nanos window_began_ = 0;
  unsigned talkers_before_ = 0;
  unsigned misses_ = 0;
  unsigned turns_ = 0;
  bool spinning_ = false;
  bool quiet_ = false;
};

/// Waits (or only asks) for events, and reports them.
void turn(Loop::Body& body, bool awake) {
  std::array<epoll_event, kEventsMax> events;
  const bool uv_alive = uv_loop_alive(&body.loop) != 0;
  const int timeout = awake ? 0 : uv_alive ? uv_backend_timeout(&body.loop) : -1;
  const int count = ::epoll_wait(body.epoll.get(), events.data(), kEventsMax, timeout);
  SUNDER_ASSERT(count >= 0 || errno == EINTR);
  bool uv_ready = timeout == 0 && !awake;
  for (int i = 0; i < count; ++i) {
    // An order never waits behind the connections that are ready.
    run_orders(body);
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      uv_ready = true;
    } else {
      dispatch(*static_cast<Poll::Body*>(event.data.ptr), event.events);
    }
  }
  if (uv_ready || (count == 0 && !awake)) uv_run(&body.loop, UV_RUN_NOWAIT);
  free_closed_polls(body);
}

}  // namespace

Loop::Loop(std::unique_ptr<Body> body) noexcept : body_(std::move(body)) {}

Result<std::unique_ptr<Loop>> Loop::open() {
  auto body = std::make_unique<Body>();
  body->epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!body->epoll) return errno_error("cannot open an event loop", errno);
  if (const int code = uv_loop_init(&body->loop); code != 0) {
    return uv_error("cannot open an event loop", code);
  }
  int code = uv_async_init(&body->loop, &body->async, [](uv_async_t* handle) {
    run_orders(*static_cast<Loop::Body*>(handle->data));
  });
  epoll_event event{};
  event.events = EPOLLIN;
  const int uv_set = uv_backend_fd(&body->loop);
  if (code == 0 && ::epoll_ctl(body->epoll.get(), EPOLL_CTL_ADD, uv_set, &event) != 0) {
    code = -errno;
    uv_close(reinterpret_cast<uv_handle_t*>(&body->async), nullptr);
    uv_run(&body->loop, UV_RUN_DEFAULT);
  }
  if (code != 0) {
    uv_loop_close(&body->loop);
    return uv_error("cannot open an event loop", code);
  }
  body->async.data = body.get();
  return std::unique_ptr<Loop>(new Loop(std::move(body)));
}

LoopLag& Loop::lag() noexcept {
  return body_->lag;
}

Loop::~Loop() {
  stop();
  uv_run(&body_->loop, UV_RUN_DEFAULT);  // close callbacks that are still to come
  free_closed_polls(*body_);
  SUNDER_ASSERT(body_->polls == 0);
  const int code = uv_loop_close(&body_->loop);
  SUNDER_ASSERT(code == 0);
}

void Loop::run(Nanos spin, const Clock& clock, TurnHandler& handler) {
  Body& body = *body_;
  Spinner spinner(spin, clock, body);
  // libuv registers its own descriptors in its set when it runs for the first time.
  uv_run(&body.loop, UV_RUN_NOWAIT);
  while (body.polls > 0 || uv_loop_alive(&body.loop) != 0) {
    turn(body, spinner.awake());
    spinner.turned();
    handler.turn_done();
  }
}

void Loop::stop() noexcept {
  std::vector<Order> orders;
  {
    const std::lock_guard lock(body_->mutex);
    if (body_->closed) return;
    body_->closed = true;
    orders.swap(body_->orders);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&body_->async), nullptr);
  for (Order& order : orders) order.run();  // accepted before the end: somebody waits for them
}

bool Loop::post(std::function<void()> order) {
  const Nanos now = monotonic_clock().now();
  // Woken inside the lock: after `closed` is set the async handle may be gone.
  const std::lock_guard lock(body_->mutex);
  if (body_->closed) return false;
  body_->orders.push_back({std::move(order), now});
  body_->ordered.store(true, std::memory_order_release);
  uv_async_send(&body_->async);
  return true;
}

}  // namespace sunder::proxy::uv
