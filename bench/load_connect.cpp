// Connect: N workers connect, echo one message and close, again and again. Open: N connections that
// stay.
//
// The client closes first. Sockets in TIME_WAIT are used again by the system after a second
// (net.ipv4.tcp_tw_reuse on loopback). Part of proxy_load; see load.hpp.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "bench/load.hpp"

namespace sunder::bench {
namespace {

constexpr std::array<char, kMessageBytes> kMessage{};

class Connect {
 public:
  explicit Connect(const Arguments& arguments)
      : port_(arguments.port()),
        count_(static_cast<std::uint64_t>(arguments.number("count", 0))),
        window_(arguments.seconds("seconds", 1)),
        pid_(arguments.number("pid", 0)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        workers_(static_cast<std::size_t>(arguments.number("connections", 32))) {}

  int run() {
    const Nanos from = now();
    const Nanos cpu = cpu_of(pid_);
    for (std::size_t i = 0; i < workers_.size(); ++i) begin(i);
    std::array<epoll_event, 256> events;
    while (count_ > 0 ? done_ < count_ : now() < from + window_) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), 256, 100);
      for (int i = 0; i < count; ++i) ready(events[static_cast<std::size_t>(i)].data.u64);
    }
    const double seconds = static_cast<double>(now() - from) / static_cast<double>(kSecond);
    const auto done = static_cast<double>(done_);
    JsonLine line;
    line.add("rate", done / seconds).add("done", done).add("errors", static_cast<double>(errors_));
    line.add("cpu", done > 0 ? static_cast<double>(cpu_of(pid_) - cpu) / done : 0).print();
    return 0;
  }

 private:
  struct Worker {
    UniqueFd fd;
    std::size_t waiting = 0;  ///< bytes of the answer still to come; 0: not connected yet
  };

  void begin(std::size_t index) {
    Worker& worker = workers_[index];
    worker.fd = stream_socket();
    worker.waiting = 0;
    const sockaddr_in address = loopback(port_);
    const int code =
        ::connect(worker.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (code != 0 && errno != EINPROGRESS) die("connect");
    watch(epoll_.get(), worker.fd.get(), EPOLLOUT, index);
  }

  void ready(std::size_t index) {
    Worker& worker = workers_[index];
    if (worker.waiting == 0) {
      if (::send(worker.fd.get(), kMessage.data(), kMessageBytes, MSG_NOSIGNAL) != kMessageBytes) {
        return again(index, false);
      }
      worker.waiting = kMessageBytes;
      watch(epoll_.get(), worker.fd.get(), EPOLLIN, index, true);
      return;
    }
    std::array<char, kMessageBytes> answer;
    const ssize_t got = ::recv(worker.fd.get(), answer.data(), worker.waiting, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return again(index, false);
    worker.waiting -= static_cast<std::size_t>(got);
    if (worker.waiting == 0) again(index, true);
  }

  void again(std::size_t index, bool good) {
    ++(good ? done_ : errors_);
    if (errors_ > 10000) die("more than 10000 connections have failed");
    workers_[index].fd.reset();
    begin(index);
  }

  int port_;
  std::uint64_t count_;
  Nanos window_;
  std::int64_t pid_;
  UniqueFd epoll_;
  std::vector<Worker> workers_;
  std::uint64_t done_ = 0;
  std::uint64_t errors_ = 0;
};

/// One message there and back on each connection, all at the same time. RETURNS how many came back.
int echo_on_each(const std::vector<UniqueFd>& connections) {
  for (const UniqueFd& fd : connections) {
    if (::send(fd.get(), kMessage.data(), kMessageBytes, MSG_NOSIGNAL) != kMessageBytes) {
      die("send");
    }
  }
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  int good = 0;
  for (const UniqueFd& fd : connections) {
    epoll_event event{};
    std::array<char, kMessageBytes> answer;
    std::size_t got = 0;
    watch(epoll.get(), fd.get(), EPOLLIN, 0);
    while (got < kMessageBytes) {
      if (::epoll_wait(epoll.get(), &event, 1, 10000) <= 0) return good;
      const ssize_t part = ::recv(fd.get(), answer.data(), kMessageBytes - got, 0);
      if (part == 0 || (part < 0 && errno != EAGAIN)) return good;
      if (part > 0) got += static_cast<std::size_t>(part);
    }
    ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
    ++good;
  }
  return good;
}

}  // namespace

int run_connect(const Arguments& arguments) {
  return Connect(arguments).run();
}

int run_open(const Arguments& arguments) {
  std::vector<UniqueFd> connections;
  const std::int64_t count = arguments.number("connections", 1500);
  for (std::int64_t i = 0; i < count; ++i) {
    connections.push_back(connect_to(arguments.port()));
  }
  JsonLine().add("echoed", echo_on_each(connections)).print();
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
    if (byte == '\n') JsonLine().add("echoed", echo_on_each(connections)).print();
  }
  return 0;
}

}  // namespace sunder::bench
