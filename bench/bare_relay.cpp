// bare_relay: the floor under every TCP proxy: bytes from one socket to the other, and nothing else.
//
// usage: bare_relay LISTEN:UPSTREAM…   (ports on loopback; ends when stdin does)
// One thread, level-triggered epoll, one 256 KiB buffer, recv and send. Where the other socket is
// full, the rest waits in the relay's own queue and the source is not watched. No hash, no faults, no
// half-close: what a real proxy costs more than this is the price of its features.
// Part of `./dev bench proxy`. Source: epoll(7).
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

struct Link;
/// What an epoll event points to: a listener (link null), or one end of a link.
struct End {
  int fd = -1;
  int upstream = 0;  ///< listener: the port behind it
  Link* link = nullptr;
  End* other = nullptr;
  std::string rest;  ///< could not be sent to this end yet
};
struct Link {
  End client;
  End server;
  bool gone = false;
};

int epoll = -1;
std::vector<char> buffer(kBufferBytes);
std::vector<Link*> dead;

/// An end is read while the other one takes all, and written when something waits for it.
void watch(End& end, int how) {
  epoll_event event{};
  event.events = end.other == nullptr || end.other->rest.empty() ? EPOLLIN : 0U;
  if (!end.rest.empty()) event.events |= EPOLLOUT;
  event.data.ptr = &end;
  ::epoll_ctl(epoll, how, end.fd, &event);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void accept_all(const End& listener) {
  while (true) {
    const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    auto* link = new Link;
    const sockaddr_in to = loopback(listener.upstream);
    link->client = {fd, 0, link, &link->server, {}};
    link->server = {::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), 0, link, &link->client, {}};
    no_delay(fd);
    no_delay(link->server.fd);
    ::connect(link->server.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    watch(link->client, EPOLL_CTL_ADD);
    watch(link->server, EPOLL_CTL_ADD);
  }
}

void drop(Link& link) {
  if (link.gone) return;
  link.gone = true;
  ::close(link.client.fd);
  ::close(link.server.fd);
  dead.push_back(&link);
}

void flush(End& end) {
  const ssize_t sent = ::send(end.fd, end.rest.data(), end.rest.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN) drop(*end.link);
    return;
  }
  end.rest.erase(0, static_cast<std::size_t>(sent));
  if (!end.rest.empty()) return;
  watch(end, EPOLL_CTL_MOD);
  watch(*end.other, EPOLL_CTL_MOD);
}

void carry(End& from) {
  End& to = *from.other;
  const ssize_t got = ::recv(from.fd, buffer.data(), buffer.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(*from.link);
  const auto size = static_cast<std::size_t>(got);
  ssize_t sent = ::send(to.fd, buffer.data(), size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return drop(*from.link);
  sent = sent < 0 ? 0 : sent;
  if (static_cast<std::size_t>(sent) == size) return;
  to.rest.append(buffer.data() + sent, size - static_cast<std::size_t>(sent));
  watch(from, EPOLL_CTL_MOD);
  watch(to, EPOLL_CTL_MOD);
}

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 4096) != 0) {
    std::perror("bare_relay: listen");
    std::exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<End>> listeners;
  for (int i = 1; i < argc; ++i) {
    int port = 0;
    auto listener = std::make_unique<End>();
    if (std::sscanf(argv[i], "%d:%d", &port, &listener->upstream) != 2) return 2;
    listener->fd = listen_on(port);
    watch(*listener, EPOLL_CTL_ADD);
    listeners.push_back(std::move(listener));
  }
  End input{STDIN_FILENO, 0, nullptr, nullptr, {}};
  watch(input, EPOLL_CTL_ADD);
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = ::epoll_wait(epoll, events.data(), 256, -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      End& end = *static_cast<End*>(event.data.ptr);
      if (&end == &input) return 0;
      if (end.link == nullptr) {
        accept_all(end);
      } else if (!end.link->gone) {
        if ((event.events & EPOLLOUT) != 0 && !end.rest.empty()) flush(end);
        if (!end.link->gone && (event.events & ~std::uint32_t{EPOLLOUT}) != 0) carry(end);
      }
    }
    for (Link* link : dead) delete link;
    dead.clear();
  }
}
