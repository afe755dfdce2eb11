// Echo: N connections send a 64-byte message each and wait for it to come back, again and again.
//
// With a pace, a connection waits that long after each answer: what a lightly loaded proxy adds.
// Samples of the warm-up are dropped. Part of proxy_load; see load.hpp.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>

#include "bench/load.hpp"

namespace sunder::bench {
namespace {

class Echo {
 public:
  explicit Echo(const Arguments& arguments)
      : pid_(arguments.number("pid", 0)),
        pace_(arguments.seconds("pace", 0)),
        warmup_(arguments.seconds("warmup", 0.2)),
        window_(arguments.seconds("seconds", 1)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(static_cast<std::size_t>(arguments.number("connections", 64))) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].fd = connect_to(arguments.port());
      watch(epoll_.get(), connections_[i].fd.get(), EPOLLIN, i);
    }
    samples_.reserve(1U << 20);
  }

  int run() {
    const Nanos start = now() + warmup_;
    const Nanos end = start + window_;
    start_all();
    turn_until(start);
    samples_.clear();
    const Nanos from = now();
    const Nanos cpu = cpu_of(pid_);
    turn_until(end);
    const Nanos took = now() - from;
    const double seconds = static_cast<double>(took) / static_cast<double>(kSecond);
    const auto trips = static_cast<double>(samples_.size());
    const auto used = static_cast<double>(cpu_of(pid_) - cpu);
    JsonLine line;
    line.add("rate", trips / seconds).add("p50", percentile(samples_, 0.5));
    line.add("p99", percentile(samples_, 0.99)).add("max", percentile(samples_, 1));
    line.add("cpu", trips > 0 ? used / trips : 0).add("busy", used / static_cast<double>(took));
    line.print();
    return 0;
  }

 private:
  struct Peer {
    UniqueFd fd;
    Nanos sent_at = 0;
    std::size_t waiting = 0;  ///< bytes of the answer still to come
  };
  struct Pause {
    Nanos until;
    std::size_t peer;
  };

  /// With a pace, the connections begin spread over one pause.
  void start_all() {
    const Nanos at = now();
    const auto count = static_cast<Nanos>(connections_.size());
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (pace_ == 0) {
        send_to(connections_[i], at);
      } else {
        pauses_.push_back({at + pace_ * static_cast<Nanos>(i) / count, i});
      }
    }
  }

  void send_to(Peer& peer, Nanos at) {
    static constexpr std::array<char, kMessageBytes> kMessage{};
    peer.sent_at = at;
    peer.waiting = kMessageBytes;
    if (::send(peer.fd.get(), kMessage.data(), kMessageBytes, MSG_NOSIGNAL) != kMessageBytes) {
      die("send");
    }
  }

  void turn_until(Nanos end) {
    std::array<epoll_event, 256> events;
    for (Nanos at = now(); at < end; at = now()) {
      for (; !pauses_.empty() && pauses_.front().until <= at; pauses_.pop_front()) {
        send_to(connections_[pauses_.front().peer], at);
      }
      const Nanos wake = pauses_.empty() ? end : std::min(end, pauses_.front().until);
      const Nanos wait = std::max<Nanos>(wake - at, 0);
      const timespec timeout{wait / kSecond, wait % kSecond};
      const int count = ::epoll_pwait2(epoll_.get(), events.data(), 256, &timeout, nullptr);
      for (int i = 0; i < count; ++i) answered(events[static_cast<std::size_t>(i)].data.u64);
    }
  }

  void answered(std::size_t index) {
    Peer& peer = connections_[index];
    std::array<char, kMessageBytes> answer;
    const ssize_t got = ::recv(peer.fd.get(), answer.data(), peer.waiting, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die("a connection has ended");
    peer.waiting -= static_cast<std::size_t>(got);
    if (peer.waiting > 0) return;
    const Nanos at = now();
    samples_.push_back(static_cast<std::uint32_t>(std::min<Nanos>(at - peer.sent_at, UINT32_MAX)));
    if (pace_ == 0) {
      send_to(peer, at);
    } else {
      pauses_.push_back({at + pace_, index});
    }
  }

  std::int64_t pid_;
  Nanos pace_;
  Nanos warmup_;
  Nanos window_;
  UniqueFd epoll_;
  std::vector<Peer> connections_;
  std::deque<Pause> pauses_;
  std::vector<std::uint32_t> samples_;
};

}  // namespace

int run_echo(const Arguments& arguments) {
  return Echo(arguments).run();
}

}  // namespace sunder::bench
