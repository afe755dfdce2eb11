// Deadlines: see deadlines.hpp. A binary heap whose entries know their place. Tested by
// tests/proxy/pipeline_test.cpp.
#include "proxy/deadlines.hpp"

#include <algorithm>

namespace sunder::proxy {

void Deadlines::set(Timed& timed, Nanos due) {
  if (timed.due_ == due) return;
  if (due == kNever) {
    remove(timed);
    return;
  }
  const bool known = timed.due_ != kNever;
  const bool earlier = due < timed.due_;
  timed.due_ = due;
  if (!known) {
    heap_.push_back(&timed);
    timed.place_ = heap_.size() - 1;
  }
  if (earlier) {
    sift_up(timed.place_);
  } else {
    sift_down(timed.place_);
  }
  arm();
}

void Deadlines::timer_fired() noexcept {
  armed_ = kNever;
  const Nanos now = clock_->now();
  lag_->observe(now - expected_);
  while (!heap_.empty() && heap_.front()->due_ <= now) {
    Timed& first = *heap_.front();
    remove(first);
    first.deadline_reached(now);
  }
  arm();
}

void Deadlines::put(std::size_t place, Timed* timed) noexcept {
  heap_[place] = timed;
  timed->place_ = place;
}

void Deadlines::sift_up(std::size_t place) noexcept {
  Timed* timed = heap_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (heap_[parent]->due_ <= timed->due_) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, timed);
}

void Deadlines::sift_down(std::size_t place) noexcept {
  Timed* timed = heap_[place];
  while (true) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->due_ < heap_[child]->due_) ++child;
    if (timed->due_ <= heap_[child]->due_) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, timed);
}

void Deadlines::remove(Timed& timed) noexcept {
  if (timed.due_ == kNever) return;
  timed.due_ = kNever;
  const std::size_t place = timed.place_;
  Timed* last = heap_.back();
  heap_.pop_back();
  if (last == &timed) return;
  put(place, last);
  sift_up(place);
  sift_down(last->place_);
}

void Deadlines::arm() noexcept {
  // A timer that is armed too early is harmless: it fires, finds nothing and arms again.
  if (heap_.empty() || heap_.front()->due_ >= armed_) return;
  armed_ = heap_.front()->due_;
  expected_ = std::max(armed_, clock_->now());  // a deadline may have passed already
  timer_.arm(armed_);
}

}  // namespace sunder::proxy
