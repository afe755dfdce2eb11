// Sockets of a reference node: listeners, connects, and a connection that speaks in lines. Non-blocking all.
// Thread: one. Tested by tests/nodes/tcp_test.cpp.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "sunder/result.hpp"
#include "sunder/topology.hpp"

namespace sunder::nodes {

/// ERRORS: unavailable (the address is in use, or not this machine's).
[[nodiscard]] Result<UniqueFd> listen_at(IpPort address);
/// RETURNS an invalid one where nobody waits.
[[nodiscard]] UniqueFd accept_from(int listener);
/// Begins to connect; poll for output, then connect_error(). Invalid: failed at once.
[[nodiscard]] UniqueFd begin_connect(IpPort to);
/// 0: connected.
[[nodiscard]] int connect_error(int fd);
/// Where a listener listens (it may have been bound to port 0).
[[nodiscard]] IpPort local_address(int fd);

/// Lines in, lines out. What is not yet sent is bounded: `put` refuses a line that would exceed it.
class LineSocket {
 public:
  LineSocket() = default;
  explicit LineSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool open() const { return fd_.valid(); }
  [[nodiscard]] bool wants_to_write() const { return !out_.empty(); }
  void close();

  /// Sends what it can; keeps the rest. RETURNS false where the line was dropped, or the connection broke.
  bool put(std::string_view line);
  bool flush();
  /// Reads what is there and calls `take` for each whole line, until it closes the socket. RETURNS false at the end of the
  /// stream, after an error, or after a line that is too long.
  bool read(const std::function<void(std::string_view)>& take);

 private:
  UniqueFd fd_;
  std::string in_;
  std::string out_;
};

}  // namespace sunder::nodes
