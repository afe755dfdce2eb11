// Loop: see loop.hpp. Source: libuv 1.44 manual, "uv_async_t", "uv_run". Tested by
// tests/proxy/uv_test.cpp.
#include "proxy/uv/loop.hpp"

#include <utility>

#include "base/assert.hpp"
#include "proxy/uv/loop_body.hpp"

namespace sunder::proxy::uv {
namespace {

void run_orders(uv_async_t* handle) {
  auto& body = *static_cast<Loop::Body*>(handle->data);
  ++body.activity;
  std::vector<std::function<void()>> orders;
  {
    const std::lock_guard lock(body.mutex);
    orders.swap(body.orders);
  }
  for (auto& order : orders) order();
}

}  // namespace

Loop::Loop(std::unique_ptr<Body> body) noexcept : body_(std::move(body)) {}

Result<std::unique_ptr<Loop>> Loop::open() {
  auto body = std::make_unique<Body>();
  if (const int code = uv_loop_init(&body->loop); code != 0) {
    return uv_error("cannot open an event loop", code);
  }
  if (const int code = uv_async_init(&body->loop, &body->async, run_orders); code != 0) {
    uv_loop_close(&body->loop);
    return uv_error("cannot open an event loop", code);
  }
  body->async.data = body.get();
  return std::unique_ptr<Loop>(new Loop(std::move(body)));
}

Loop::~Loop() {
  stop();
  uv_run(&body_->loop, UV_RUN_DEFAULT);  // close callbacks that are still to come
  const int code = uv_loop_close(&body_->loop);
  SUNDER_ASSERT(code == 0);
}

void Loop::run(Nanos spin, const Clock& clock, TurnHandler& handler) {
  Body& body = *body_;
  std::uint64_t seen = body.activity;
  Nanos active_at = spin > 0 ? clock.now() : 0;
  while (uv_loop_alive(&body.loop) != 0) {
    const bool awake = spin > 0 && clock.now() - active_at < spin;
    uv_run(&body.loop, awake ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    if (spin > 0 && body.activity != seen) {
      seen = body.activity;
      active_at = clock.now();
    }
    handler.turn_done();
  }
}

void Loop::stop() noexcept {
  std::vector<std::function<void()>> orders;
  {
    const std::lock_guard lock(body_->mutex);
    if (body_->closed) return;
    body_->closed = true;
    orders.swap(body_->orders);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&body_->async), nullptr);
  for (auto& order : orders) order();  // accepted before the end: somebody waits for them
}

bool Loop::post(std::function<void()> order) {
  // Woken inside the lock: after `closed` is set the async handle may be gone.
  const std::lock_guard lock(body_->mutex);
  if (body_->closed) return false;
  body_->orders.push_back(std::move(order));
  uv_async_send(&body_->async);
  return true;
}

}  // namespace sunder::proxy::uv
