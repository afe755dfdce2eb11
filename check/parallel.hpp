// in_parallel: independent pieces of work (keys), taken by threads as they come.
//
// check → **in_parallel** → work(i) on some thread. Thread: blocks until all is done. Tested by
// tests/check/linearizable_test.cpp, tests/check/models_test.cpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace sunder::check {

/// So many threads are worth starting.
[[nodiscard]] inline unsigned threads_for(std::size_t pieces, unsigned wanted) {
  return static_cast<unsigned>(std::clamp<std::size_t>(pieces, 1, std::max(1U, wanted)));
}

/// Calls work(i) once for each i under `pieces`, on `threads` threads, this one among them. `work` must not throw.
template <class Work>
void in_parallel(std::size_t pieces, unsigned threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t i = next++; i < pieces; i = next++) work(i);
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads; ++t) others.emplace_back(take);
  take();
  for (std::thread& other : others) other.join();
}

}  // namespace sunder::check
