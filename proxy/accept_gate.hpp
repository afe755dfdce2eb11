// AcceptGate: what all loops share of one listening socket: whether anybody may come in now.
//
// HallProxy (a hold comes or goes) → **AcceptGate** ← Listener (one a loop; asks it about whom it
// accepted).
// Shut, the accept queue is kept full: the kernel then leaves every SYN unanswered, as in a real
// partition, and the clients' own retries bring them in once it is open. It is filled by
// connections from this process to itself (fillers), so it needs no privilege. It also counts the
// seats: how many connections that came in here are open.
// A socket of another network namespace can't be reached from here, so it can't be shut.
//
// Source: Linux net/ipv4/tcp_input.c, tcp_conn_request (a full queue drops the SYN); socket(7),
// SO_MEMINFO; tcp(7), TCP_INFO (of a listener: queue length and limit).
// Thread: shut, open, close, unanswered: one at a time (the Proxy's lock); the rest: any loop.
// Ownership: its own dup of the descriptor, and the fillers. Tested by tests/proxy/hold_test.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "proxy/sockets.hpp"
#include "sunder/result.hpp"

namespace sunder::proxy {

class AcceptGate {
 public:
  /// `fd` is bound. `seats_max`: connections open at once.
  AcceptGate(UniqueFd fd, int backlog, std::size_t seats_max);
  AcceptGate(const AcceptGate&) = delete;
  AcceptGate& operator=(const AcceptGate&) = delete;

  /// Loops accept no more, as soon as they look.
  void pause() noexcept { paused_.store(true, std::memory_order_release); }
  [[nodiscard]] bool paused() const noexcept { return paused_.load(std::memory_order_acquire); }
  /// No SYN is answered any more. REQUIRES paused, and that every loop has seen it. ERRORS: io,
  /// unsupported: then it is open as before.
  Status shut();
  [[nodiscard]] bool is_shut() const noexcept { return shut_; }
  /// SYNs are answered, and loops may accept. ERRORS: io.
  Status open();
  /// Nobody listens here any more, once the loops' descriptors are closed too. With
  /// `end_connections` those that are still on their way into a loop end as well.
  void close(bool end_connections) noexcept;
  [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  /// SYNs left unanswered while shut, since the last time this was asked.
  std::uint64_t unanswered() noexcept;

  /// True if an accepted connection is one of our own fillers: close it.
  [[nodiscard]] bool take_filler(int accepted) noexcept;

  [[nodiscard]] bool has_seat() const noexcept {
    return seats_.load(std::memory_order_relaxed) < seats_max_;
  }
  void sit() noexcept { seats_.fetch_add(1, std::memory_order_relaxed); }
  void stand() noexcept { seats_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  struct Filler {
    UniqueFd fd;
    Address own;
  };
  void drop_fillers() noexcept;
  [[nodiscard]] bool reachable() const noexcept;
  [[nodiscard]] bool full() const noexcept;
  void fill_once() noexcept;
  [[nodiscard]] std::uint32_t dropped() const noexcept;

  UniqueFd fd_;
  int backlog_;
  std::size_t seats_max_;
  std::atomic<std::size_t> seats_ = 0;
  std::atomic<bool> paused_ = false;
  std::atomic<bool> ended_ = false;
  bool shut_ = false;
  std::uint32_t dropped_before_ = 0;           ///< the kernel's counter, which may wrap
  std::atomic<std::size_t> filler_count_ = 0;  ///< what loops look at first
  std::mutex mutex_;
  std::vector<Filler> fillers_;
};

/// One connection's place at a gate; free again when it is destroyed.
class Seat {
 public:
  Seat() = default;
  explicit Seat(std::shared_ptr<AcceptGate> gate) noexcept : gate_(std::move(gate)) {
    gate_->sit();
  }
  Seat(Seat&& other) noexcept : gate_(std::move(other.gate_)) {}
  Seat& operator=(Seat&& other) noexcept {
    std::swap(gate_, other.gate_);
    return *this;
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() {
    if (gate_ != nullptr) gate_->stand();
  }
  /// True if the connection must not live on: its listener ended with all its connections.
  [[nodiscard]] bool ended() const noexcept { return gate_ != nullptr && gate_->ended(); }

 private:
  std::shared_ptr<AcceptGate> gate_;
};

}  // namespace sunder::proxy
