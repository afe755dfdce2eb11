// SockDiag: the kernel's table of TCP sockets of this network namespace.
//
// by_process, bypass → **SockDiag** → netlink SOCK_DIAG. No privilege is needed; one exact
// question costs some 2 us in the kernel, where reading /proc/net/tcp costs milliseconds.
// Source: sock_diag(7); Linux include/uapi/linux/inet_diag.h. Thread: one at a time. Ownership:
// its netlink socket.
// Tested by tests/proxy/identify_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fd.hpp"
#include "proxy/sockets.hpp"
#include "sunder/result.hpp"

namespace sunder::proxy {

struct SocketLine {
  Address own;
  Address peer;             ///< port 0 where it listens
  std::uint32_t inode = 0;  ///< 0: no process has it
  bool listening = false;
};

class SockDiag {
 public:
  static constexpr std::size_t kLinesMax = 1'000'000;

  /// ERRORS: io.
  static Result<SockDiag> open();
  /// The inode of the established socket with these ends; 0 if there is none. ERRORS: io.
  Result<std::uint32_t> inode_of(const Address& own, const Address& peer);
  /// Every socket that listens or is connected. ERRORS: io.
  Result<std::vector<SocketLine>> dump();

 private:
  explicit SockDiag(UniqueFd fd) : fd_(std::move(fd)) {}
  Status send(unsigned char family, std::uint16_t flags, std::uint32_t states, const Address* own,
              const Address* peer);
  Status receive(std::vector<SocketLine>& out, bool whole);

  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sunder::proxy
