// Events of operations on one clock, as a search walks through them, and operations that are open meanwhile.
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

// An open operation that may change the state.
struct Changer {
  std::uint32_t alike;
  Nanos end;
  std::uint32_t op;
  std::uint32_t slot;
  friend bool operator<(const Changer& a, const Changer& b) {
    return a.alike != b.alike ? a.alike < b.alike : a.end != b.end ? a.end < b.end : a.op < b.op;
  }
};
struct Observer {
  std::uint32_t op;
  std::uint32_t slot;
};

// Events in the order in which they happen.
inline void sort_events(std::vector<Event>& events) {
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.time != b.time ? a.time < b.time : a.ends < b.ends;
  });
}

}  // namespace sunder::check::engine
