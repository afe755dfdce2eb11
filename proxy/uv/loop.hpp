// Loop: one libuv loop, owned by one thread, as an object.
//
// HallLoop → **Loop** → Poll and Timer handles. Other threads enter only by post(): the order is
// put in a small list and uv_async wakes the loop; it runs between two callbacks, before
// anything else that is ready.
// With a spin, a loop that had work a moment ago asks the kernel again without sleeping, for at
// most that long: a wake-up costs more than the spin (some 35 us on a virtual machine). It does so
// only while few descriptors talk and the spins before were not in vain (loop.cpp).
// Thread: open() anywhere; run() and stop() on the loop's thread; post() from any thread.
// Ownership: every handle must be closed before run() returns; the destructor asserts that
// uv_loop_close is 0. Tested by tests/proxy/uv_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "proxy/loop_lag.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::proxy::uv {

/// Called after every turn of the loop: the place where finished objects may be destroyed.
class TurnHandler {
 public:
  virtual void turn_done() noexcept = 0;

 protected:
  ~TurnHandler() = default;
};

class Loop {
 public:
  /// ERRORS: io (no descriptor).
  static Result<std::unique_ptr<Loop>> open();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Turns until stop() was called and every handle is closed.
  void run(Nanos spin, const Clock& clock, TurnHandler& handler);
  /// Ends post(). The loop still turns until the last handle is closed.
  void stop() noexcept;
  /// RETURNS false if the loop has stopped: the order is not run.
  bool post(std::function<void()> order);

  /// The loop's thread. How late orders were is in it; who waits for timers adds their lateness.
  [[nodiscard]] LoopLag& lag() noexcept;

  struct Body;
  [[nodiscard]] Body& body() noexcept { return *body_; }

 private:
  explicit Loop(std::unique_ptr<Body> body) noexcept;
  std::unique_ptr<Body> body_;
};

}  // namespace sunder::proxy::uv
