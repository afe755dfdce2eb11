// sunder's end of the host side: fork, orders, news. See host_side.hpp; the other end is host_process.cpp.
// Tested by tests/harness/skeleton_test.cpp.
#include "harness/skeleton/host_side.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "harness/skeleton/host_process.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

Error gone() {
  return {ErrorCode::unavailable,
          "the process that sunder keeps on the host has ended; start sunder again"};
}

}  // namespace

int CommandStart::failure_exit_code() const {
  return exec_errno == ENOENT ? 127 : 126;
}

Result<std::unique_ptr<HostSide>> HostSide::fork(const HostPlan& plan) {
  if (thread_count() != 1) {
    return Error{ErrorCode::internal, "the host side must be forked before any thread is made"};
  }
  auto ends = Channel::pair();
  if (!ends.ok()) return std::move(ends).error();
  std::fflush(nullptr);  // or the child would write buffered text a second time
  const pid_t pid = ::fork();
  if (pid < 0) return errno_error("can't fork", errno);
  if (pid == 0) {
    ends->first.close();
    host_process_main(std::move(ends->second), plan);
  }
  return std::unique_ptr<HostSide>(new HostSide(std::move(ends->first), pid));
}

HostSide::~HostSide() {
  close();
}

Status HostSide::send(const FrameWriter& frame) {
  const std::scoped_lock lock(send_mutex_);
  if (!channel_.valid()) return gone();
  Status sent = channel_.send(frame.body());
  if (!sent.ok() && sent.error().code == ErrorCode::unavailable) return gone();
  return sent;
}

Result<CommandStart> HostSide::run_command(const std::vector<std::string>& argv,
                                           const std::vector<std::string>& env,
                                           const std::string& cwd) {
  FrameWriter order;
  order.number(static_cast<std::int64_t>(HostOrder::run)).texts(argv).texts(env).text(cwd);
  SUNDER_TRY(send(order));
  while (true) {
    auto frame = channel_.receive();
    if (!frame.ok()) return std::move(frame).error();
    if (!frame->has_value()) return gone();
    FrameReader news((*frame)->body);
    const auto kind = static_cast<HostNews>(news.number());
    if (kind == HostNews::ended) continue;  // of an earlier command, that nobody waited for
    const auto pid = static_cast<pid_t>(news.number());
    return CommandStart{pid, static_cast<int>(news.number())};
  }
}

Status HostSide::signal_command(int signal) {
  FrameWriter order;
  order.number(static_cast<std::int64_t>(HostOrder::signal)).number(signal);
  return send(order);
}

Result<std::optional<int>> HostSide::wait_command(Nanos timeout) {
  if (!channel_.valid()) return gone();
  const Nanos deadline = monotonic_clock().now() + timeout;
  while (true) {
    const Nanos left = std::max<Nanos>(deadline - monotonic_clock().now(), 0);
    pollfd wait{channel_.fd(), POLLIN, 0};
    const int n = ::poll(&wait, 1, static_cast<int>((left + kMillisecond - 1) / kMillisecond));
    if (n < 0 && errno == EINTR) return std::optional<int>{};  // a signal for the caller to see
    if (n < 0) return errno_error("can't wait for the command", errno);
    if (n == 0) return std::optional<int>{};
    auto frame = channel_.receive();
    if (!frame.ok()) return std::move(frame).error();
    if (!frame->has_value()) return gone();
    FrameReader news((*frame)->body);
    if (static_cast<HostNews>(news.number()) == HostNews::ended) {
      return std::optional<int>(static_cast<int>(news.number()));
    }
  }
}

Status HostSide::add_file_to_remove(const std::string& path) {
  FrameWriter order;
  order.number(static_cast<std::int64_t>(HostOrder::add_file)).text(path);
  return send(order);
}

void HostSide::close() {
  {
    const std::scoped_lock lock(send_mutex_);
    channel_.close();
  }
  if (pid_ <= 0) return;
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace sunder::harness
