// Deadlines: the moments at which objects of one loop want to be woken, as a heap with one timer
// behind it.
//
// Connection, Listener → **Deadlines** → uv::Timer. An object stands in the heap at most once, with
// its earliest deadline. The timer is armed only when the first deadline comes nearer, so most
// changes cost no system call. Thread: the loop's. Ownership: none; a Timed leaves the heap by
// set(…, kNever) before it dies. COST: set is O(log n). Tested by tests/proxy/pipeline_test.cpp.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "proxy/uv/poll.hpp"
#include "sunder/time.hpp"

namespace sunder::proxy {

inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

class Timed {
 public:
  virtual void deadline_reached(Nanos now) noexcept = 0;

 protected:
  virtual ~Timed() = default;  // virtual for the compiler: a friend could reach it

 private:
  friend class Deadlines;
  Nanos due_ = kNever;
  std::size_t place_ = 0;  ///< in the heap, when due_ is set
};

class Deadlines final : uv::TimerHandler {
 public:
  explicit Deadlines(const Clock& clock) noexcept : clock_(&clock) {}
  Status open(uv::Loop& loop) {
    lag_ = &loop.lag();
    return timer_.open(loop, *this);
  }
  void close() noexcept { timer_.close(); }

  /// Replaces the deadline of `timed`; kNever takes it out.
  void set(Timed& timed, Nanos due);

 private:
  void timer_fired() noexcept override;
  void put(std::size_t place, Timed* timed) noexcept;
  void sift_up(std::size_t place) noexcept;
  void sift_down(std::size_t place) noexcept;
  void remove(Timed& timed) noexcept;
  void arm() noexcept;

  const Clock* clock_;
  uv::Timer timer_;
  std::vector<Timed*> heap_;
  Nanos armed_ = kNever;
  Nanos expected_ = 0;  ///< when the timer can fire at the earliest
  LoopLag* lag_ = nullptr;
};

}  // namespace sunder::proxy
