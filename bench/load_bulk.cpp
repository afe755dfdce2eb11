// Bulk: N connections receive from the source server as fast as it comes; what arrives is counted.
//
// Counting at the receiver leaves out what waits in buffers on the way. Part of proxy_load; see
// load.hpp.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "bench/load.hpp"

namespace sunder::bench {
namespace {

constexpr double kMiB = 1 << 20;

/// Receives until `end`. RETURNS how many bytes came.
std::uint64_t receive_until(Nanos end, int epoll, std::vector<char>& buffer) {
  std::uint64_t sum = 0;
  std::array<epoll_event, 64> events;
  for (Nanos at = now(); at < end; at = now()) {
    const Nanos wait = end - at;
    const timespec timeout{wait / kSecond, wait % kSecond};
    const int count = ::epoll_pwait2(epoll, events.data(), 64, &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      const int fd = static_cast<int>(events[static_cast<std::size_t>(i)].data.u64);
      const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN)) die("a connection has ended");
      if (got > 0) sum += static_cast<std::uint64_t>(got);
    }
  }
  return sum;
}

}  // namespace

int run_bulk(const Arguments& arguments) {
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<UniqueFd> connections;
  for (std::int64_t i = 0; i < arguments.number("connections", 1); ++i) {
    connections.push_back(connect_to(arguments.port()));
    const int fd = connections.back().get();
    watch(epoll.get(), fd, EPOLLIN, static_cast<std::uint64_t>(fd));
  }
  std::vector<char> buffer(std::size_t{256} << 10);
  receive_until(now() + arguments.seconds("warmup", 0.2), epoll.get(), buffer);
  const std::int64_t pid = arguments.number("pid", 0);
  const Nanos cpu = cpu_of(pid);
  const Nanos from = now();
  const std::uint64_t bytes =
      receive_until(from + arguments.seconds("seconds", 1), epoll.get(), buffer);
  const double seconds = static_cast<double>(now() - from) / static_cast<double>(kSecond);
  const double mebibytes = static_cast<double>(bytes) / kMiB;
  const auto used = static_cast<double>(cpu_of(pid) - cpu);
  JsonLine line;
  line.add("rate", mebibytes / seconds).add("bytes", static_cast<double>(bytes) / seconds);
  line.add("cpu", mebibytes > 0 ? used / mebibytes : 0);
  line.add("busy", used / (seconds * static_cast<double>(kSecond))).print();
  return 0;
}

}  // namespace sunder::bench
