// Frames over a socket pair, with descriptors and process ids. See channel.hpp.
//
// Descriptors ride on the four bytes of the length: on a stream socket the kernel never merges two messages with rights
// into one read, so they arrive with their own frame.
// Tested by tests/harness/skeleton_test.cpp.
#include "harness/skeleton/channel.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/assert.hpp"

namespace sunder::harness {
namespace {

constexpr std::size_t kFdsMax = 8;
constexpr std::size_t kBodyMax =
    8U << 20;  // above the kernel's own limit for arguments and environment

// Room for both kinds of control message, aligned as the kernel wants it.
struct ControlBuffer {
  alignas(cmsghdr)
      std::array<char, CMSG_SPACE(sizeof(int) * kFdsMax) + CMSG_SPACE(sizeof(ucred))> bytes{};
};

void put_control(msghdr& message, ControlBuffer& control, const std::vector<int>& fds,
                 pid_t about) {
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  std::size_t used = 0;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!fds.empty()) {
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
    used += CMSG_SPACE(sizeof(int) * fds.size());
    header = CMSG_NXTHDR(&message, header);
  }
  if (about != 0) {
    ucred credentials{};
    credentials.pid = about;
    credentials.uid = ::getuid();
    credentials.gid = ::getgid();
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof(ucred));
    std::memcpy(CMSG_DATA(header), &credentials, sizeof(ucred));
    used += CMSG_SPACE(sizeof(ucred));
  }
  message.msg_controllen = used;
  if (used == 0) message.msg_control = nullptr;
}

void take_control(msghdr& message, Frame& frame) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
        frame.fds.emplace_back(fd);
      }
    } else if (header->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(header), sizeof(ucred));
      frame.pid = credentials.pid;
    }
  }
}

// Reads exactly `size` bytes. RETURNS the bytes read: less than `size` at end of file.
Result<std::size_t> read_all(int fd, char* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::recv(fd, to + done, size - done, 0);
    if (n == 0) break;
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == ECONNRESET) break;
      return errno_error("can't read from another process of sunder", errno);
    }
    done += static_cast<std::size_t>(n);
  }
  return done;
}

}  // namespace

FrameWriter& FrameWriter::number(std::int64_t value) {
  std::array<char, sizeof(value)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(value));
  body_.append(bytes.data(), bytes.size());
  return *this;
}

FrameWriter& FrameWriter::text(std::string_view value) {
  number(static_cast<std::int64_t>(value.size()));
  body_.append(value);
  return *this;
}

FrameWriter& FrameWriter::texts(const std::vector<std::string>& values) {
  number(static_cast<std::int64_t>(values.size()));
  for (const auto& value : values) text(value);
  return *this;
}

std::int64_t FrameReader::number() {
  std::int64_t value = 0;
  if (broken_ || rest_.size() < sizeof(value)) {
    broken_ = true;
    return 0;
  }
  std::memcpy(&value, rest_.data(), sizeof(value));
  rest_.remove_prefix(sizeof(value));
  return value;
}

std::string FrameReader::text() {
  const std::int64_t size = number();
  if (broken_ || size < 0 || static_cast<std::size_t>(size) > rest_.size()) {
    broken_ = true;
    return {};
  }
  std::string value(rest_.substr(0, static_cast<std::size_t>(size)));
  rest_.remove_prefix(static_cast<std::size_t>(size));
  return value;
}

std::vector<std::string> FrameReader::texts() {
  std::vector<std::string> values;
  const std::int64_t count = number();
  for (std::int64_t i = 0; i < count && !broken_; ++i) values.push_back(text());
  return values;
}

Result<std::pair<Channel, Channel>> Channel::pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return errno_error("can't make a socket pair", errno);
  }
  return std::pair{Channel(UniqueFd(fds[0])), Channel(UniqueFd(fds[1]))};
}

Status Channel::send(std::string_view body, const std::vector<int>& fds, pid_t about) const {
  SUNDER_ASSERT(fds.size() <= kFdsMax && body.size() <= kBodyMax);
  auto length = static_cast<std::uint32_t>(body.size());
  iovec part{&length, sizeof(length)};
  ControlBuffer control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  put_control(message, control, fds, about);

  const auto failed = [] {
    if (errno == EPIPE || errno == ECONNRESET) {
      return Error{ErrorCode::unavailable, "another process of sunder has ended"};
    }
    return errno_error("can't write to another process of sunder", errno);
  };
  ssize_t n = 0;
  do {
    n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return failed();
  SUNDER_ASSERT(n == sizeof(length));  // four bytes go whole or not at all
  while (!body.empty()) {
    n = ::send(fd_.get(), body.data(), body.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed();
    body.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::optional<Frame>> Channel::receive() const {
  std::uint32_t length = 0;
  iovec part{&length, sizeof(length)};
  ControlBuffer control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n == 0 || (n < 0 && errno == ECONNRESET)) return std::optional<Frame>{};
  if (n < 0) return errno_error("can't read from another process of sunder", errno);

  Frame frame;
  take_control(message, frame);
  // A length or body that stops short means that the writer died in the middle: the same as end of file.
  if (n != sizeof(length)) return std::optional<Frame>{};
  if (length > kBodyMax) {
    return Error{ErrorCode::internal, "a message between sunder's processes is too long"};
  }
  frame.body.resize(length);
  auto got = read_all(fd_.get(), frame.body.data(), length);
  if (!got.ok()) return std::move(got).error();
  if (got.value() != length) return std::optional<Frame>{};
  return std::optional<Frame>(std::move(frame));
}

Status Channel::want_pids() const {
  const int on = 1;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0) {
    return errno_error("can't ask for process ids on a socket pair", errno);
  }
  return {};
}

void Channel::shutdown() const {
  if (fd_.valid()) ::shutdown(fd_.get(), SHUT_RDWR);
}

}  // namespace sunder::harness
