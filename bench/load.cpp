// proxy_load: the load generator of `./dev bench proxy`, and the servers behind the proxies.
//
// usage: proxy_load backend | echo | bulk | connect | open [--name value…]
//   backend                       servers until stdin ends; prints their ports
//   echo    --port P [--connections 64] [--seconds 1] [--warmup 0.2] [--pace 0] [--pid PID]
//           closed loop of 64-byte messages; with a pace, so long after each answer
//   bulk    --port P [--connections 1] [--seconds 1] [--warmup 0.2] [--pid PID]
//           receives from the source server as fast as it comes
//   connect --port P [--connections 32] [--seconds 1] [--count 0] [--pid PID]
//           connects, echoes one message, closes, again; with a count, so many and no longer
//   open    --port P [--connections 1500]
//           opens, echoes once on each, says so; once more for every line of stdin; closes at its end
// Each prints one JSON line: rates per second, times in nanoseconds, CPU of PID over the window.
#include "bench/load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace sunder::bench {

Arguments::Arguments(int argc, char** argv) {
  for (int i = 0; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name.rfind("--", 0) != 0) die("an option begins with --: " + name);
    values_[name.substr(2)] = argv[i + 1];
  }
}

std::int64_t Arguments::number(const std::string& name, std::int64_t otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : std::strtoll(found->second.c_str(), nullptr, 10);
}

Nanos Arguments::seconds(const std::string& name, double otherwise) const {
  const auto found = values_.find(name);
  const double value =
      found == values_.end() ? otherwise : std::strtod(found->second.c_str(), nullptr);
  return static_cast<Nanos>(value * static_cast<double>(kSecond));
}

void die(const std::string& what) {
  std::fprintf(stderr, "proxy_load: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

Nanos now() {
  return monotonic_clock().now();
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

UniqueFd stream_socket() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) die("socket");
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

UniqueFd connect_to(int port) {
  UniqueFd fd = stream_socket();
  ::fcntl(fd.get(), F_SETFL, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("connect to port " + std::to_string(port));
  }
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return fd;
}

UniqueFd listen_on(int& port) {
  UniqueFd fd = stream_socket();
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd.get(), 4096) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    die("listen");
  }
  port = ntohs(address.sin_port);
  return fd;
}

void watch(int epoll, int fd, std::uint32_t events, std::uint64_t tag, bool change) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (::epoll_ctl(epoll, change ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

Nanos cpu_of(std::int64_t pid) {
  if (pid == 0) return 0;
  Nanos sum = 0;
  std::error_code error;
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(folder, error)) {
    std::ifstream file(task.path() / "schedstat");  // time on a core, time waiting, slices
    Nanos ran = 0;
    if (file >> ran) sum += ran;
  }
  return sum;
}

double percentile(std::vector<std::uint32_t>& samples, double share) {
  if (samples.empty()) return 0;
  const auto place = static_cast<std::ptrdiff_t>(static_cast<double>(samples.size() - 1) * share);
  std::nth_element(samples.begin(), samples.begin() + place, samples.end());
  return samples[static_cast<std::size_t>(place)];
}

JsonLine& JsonLine::add(const char* name, double value) {
  char part[96];
  std::snprintf(part, sizeof part, "%s\"%s\":%.6g", text_.empty() ? "" : ",", name, value);
  text_ += part;
  return *this;
}

void JsonLine::print() {
  std::printf("{%s}\n", text_.c_str());
  std::fflush(stdout);
}

}  // namespace sunder::bench

int main(int argc, char** argv) {
  using namespace sunder::bench;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::signal(SIGPIPE, SIG_IGN);
  if (argc < 2 || argc % 2 != 0)
    die("usage: proxy_load backend|echo|bulk|connect|open --name value");
  const std::string scenario = argv[1];
  const Arguments arguments(argc - 2, argv + 2);
  if (scenario == "backend") return run_backend(arguments);
  if (scenario == "echo") return run_echo(arguments);
  if (scenario == "bulk") return run_bulk(arguments);
  if (scenario == "connect") return run_connect(arguments);
  if (scenario == "open") return run_open(arguments);
  die("there is no scenario " + scenario);
}
