// Ticker: see check_ticker.hpp.
#include "cli/check_ticker.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

namespace sunder::cli {

Ticker::Ticker() {
  if (::isatty(STDERR_FILENO) == 1) thread_ = std::thread([this] { tick(); });
}

Ticker::~Ticker() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Ticker::now(std::string what) {
  const std::lock_guard lock(mutex_);
  what_ = std::move(what);
}

void Ticker::tick() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  bool shown = false;
  auto next = start + std::chrono::seconds(1);
  while (!ended_.wait_until(lock, next, [this] { return end_; })) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "\r\033[K%s, %.0f s", what_.c_str(), passed.count());
    std::fflush(stderr);
    shown = true;
    next = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  }
  if (shown) std::fputs("\r\033[K", stderr);
}

}  // namespace sunder::cli
