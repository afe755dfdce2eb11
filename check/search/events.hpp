// Events of operations on one clock, as a search walks through them.
//
// Thread: values. Tested by tests/check/search_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sunder/time.hpp"

namespace sunder::check::engine {

struct Event {
  Nanos time;
  bool ends;  // begins stand before ends of the same time: closed intervals
  std::uint32_t op;
};

// Events in the order in which they happen.
inline void sort_events(std::vector<Event>& events) {
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.time != b.time ? a.time < b.time : a.ends < b.ends;
  });
}

}  // namespace sunder::check::engine
