// AcceptGate: see accept_gate.hpp. Tested by tests/proxy/hold_test.cpp.
#include "proxy/accept_gate.hpp"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sunder::proxy {
namespace {

// With a limit of n the queue is full at n + 1. Not 0: a limit of 0 makes the kernel answer with
// SYN cookies, and warn of a flood.
constexpr int kShutBacklog = 1;
constexpr int kFillersMax = 4;  // two are enough; more where clients leave the queue meanwhile

}  // namespace

AcceptGate::AcceptGate(UniqueFd fd, int backlog, std::size_t seats_max)
    : fd_(std::move(fd)), backlog_(backlog), seats_max_(seats_max) {}

Status AcceptGate::open() {
  shut_ = false;
  paused_.store(false, std::memory_order_release);
  if (::listen(fd_.get(), backlog_) != 0) return errno_error("cannot listen", errno);
  return {};
}

Status AcceptGate::shut() {
  if (!reachable()) {
    return Error{ErrorCode::unsupported, "its socket is in another network namespace"};
  }
  if (::listen(fd_.get(), kShutBacklog) != 0) return errno_error("cannot listen", errno);
  for (int i = 0; i < kFillersMax && !full(); ++i) fill_once();
  if (!full()) {
    SUNDER_TRY(open());
    return Error{ErrorCode::io, "its queue can't be filled"};
  }
  dropped_before_ = dropped();
  shut_ = true;
  return {};
}

void AcceptGate::close(bool end_connections) noexcept {
  if (end_connections) ended_.store(true, std::memory_order_release);
  shut_ = false;
  fd_.reset();
  drop_fillers();
}

void AcceptGate::drop_fillers() noexcept {
  const std::lock_guard lock(mutex_);
  for (const Filler& filler : fillers_) reset_on_close(filler.fd.get());
  fillers_.clear();
  filler_count_.store(0, std::memory_order_release);
}

std::uint64_t AcceptGate::unanswered() noexcept {
  if (!is_shut()) return 0;
  const std::uint32_t now = dropped();
  return static_cast<std::uint32_t>(now - std::exchange(dropped_before_, now));
}

bool AcceptGate::take_filler(int accepted) noexcept {
  if (filler_count_.load(std::memory_order_acquire) == 0) return false;
  const Address peer = peer_of(accepted);
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(fillers_.begin(), fillers_.end(),
                                  [&](const Filler& filler) { return filler.own == peer; });
  if (found == fillers_.end()) return false;
  reset_on_close(found->fd.get());
  fillers_.erase(found);
  filler_count_.store(fillers_.size(), std::memory_order_release);
  return true;
}

bool AcceptGate::reachable() const noexcept {
#ifdef SO_NETNS_COOKIE
  const UniqueFd here(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::uint64_t theirs = 0;
  std::uint64_t ours = 0;
  socklen_t size = sizeof theirs;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_NETNS_COOKIE, &theirs, &size) != 0 ||
      ::getsockopt(here.get(), SOL_SOCKET, SO_NETNS_COOKIE, &ours, &size) != 0) {
    return true;  // an old kernel does not say: trying shows it
  }
  return theirs == ours;
#else
  return true;
#endif
}

bool AcceptGate::full() const noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_unacked > info.tcpi_sacked;  // of a listener: waiting, and the limit
}

void AcceptGate::fill_once() noexcept {
  const Address to = own_of(fd_.get());
  UniqueFd fd = open_stream_socket(to.get()->sa_family);
  // To this machine the handshake is over when the call returns.
  if (!fd || start_connect(fd.get(), to) != 0) return;
  const Address own = own_of(fd.get());
  const std::lock_guard lock(mutex_);
  fillers_.push_back({std::move(fd), own});
  filler_count_.store(fillers_.size(), std::memory_order_release);
}

std::uint32_t AcceptGate::dropped() const noexcept {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return 0;
  return info[SK_MEMINFO_DROPS];
}

}  // namespace sunder::proxy
