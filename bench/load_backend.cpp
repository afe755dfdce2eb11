// The servers behind the proxies: an echo, and a source that sends for as long as somebody reads.
//
// Each runs in a thread of its own with its own epoll; they are never under load together. Ends when
// stdin does. Source: epoll(7). Part of proxy_load; see load.hpp.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "bench/load.hpp"

namespace sunder::bench {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

class Server {
 public:
  enum class Kind { echo, source };
  explicit Server(Kind kind)
      : kind_(kind),
        listener_(listen_on(port_)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        buffer_(kBufferBytes, 'x') {
    watch(epoll_.get(), listener_.get(), EPOLLIN, static_cast<std::uint64_t>(listener_.get()));
  }
  [[nodiscard]] int port() const { return port_; }

  void run() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), 256, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = static_cast<int>(events[static_cast<std::size_t>(i)].data.u64);
        if (fd == listener_.get()) {
          accept_all();
        } else if (!(kind_ == Kind::echo ? echo(fd) : send_more(fd))) {
          ::close(fd);
        }
      }
    }
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::uint32_t events = kind_ == Kind::echo ? EPOLLIN : EPOLLOUT;
      watch(epoll_.get(), fd, events, static_cast<std::uint64_t>(fd));
    }
  }
  bool echo(int fd) {
    const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    // Messages are small and each waits for its answer, so that the socket takes all of it.
    return ::send(fd, buffer_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
  }
  bool send_more(int fd) {
    const ssize_t sent = ::send(fd, buffer_.data(), buffer_.size(), MSG_NOSIGNAL);
    return sent >= 0 || errno == EAGAIN;
  }

  Kind kind_;
  int port_ = 0;
  UniqueFd listener_;
  UniqueFd epoll_;
  std::vector<char> buffer_;
};

}  // namespace

int run_backend(const Arguments& /*arguments*/) {
  static Server echo(Server::Kind::echo);
  static Server source(Server::Kind::source);
  std::thread([] { echo.run(); }).detach();
  std::thread([] { source.run(); }).detach();
  JsonLine().add("echo", echo.port()).add("source", source.port()).print();
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  std::fflush(stdout);
  ::_exit(0);  // the servers have no end of their own
}

}  // namespace sunder::bench
