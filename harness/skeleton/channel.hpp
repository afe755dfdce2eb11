// Channel: framed messages over a socket pair between the processes of one sunder.
//
// sunder ⇄ **Channel** ⇄ host side (harness/skeleton/host_side.cpp) or launcher (harness/launcher/). A frame is a 32-bit
// length in host byte order and the body; descriptors travel with the length (SCM_RIGHTS), and so does the id of a
// process (SCM_CREDENTIALS), which the kernel translates into the reader's pid namespace. End of file is how each
// process learns that another one is gone, so nobody else may hold an end: every descriptor is CLOEXEC.
// Both ends are our own code of the same build: a wrong frame is a defect, or a process that died in the middle.
// Thread: one writer and one reader at a time. Tested by tests/harness/skeleton_test.cpp.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "sunder/result.hpp"

namespace sunder::harness {

/// Builds a body: numbers and texts one after the other.
class FrameWriter {
 public:
  FrameWriter& number(std::int64_t value);
  FrameWriter& text(std::string_view value);
  FrameWriter& texts(const std::vector<std::string>& values);
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  std::string body_;
};

/// Reads a body in the order in which it was written. After a read past the end, `broken()` and all values empty.
class FrameReader {
 public:
  explicit FrameReader(std::string_view body) : rest_(body) {}
  std::int64_t number();
  std::string text();
  std::vector<std::string> texts();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

struct Frame {
  std::string body;
  std::vector<UniqueFd> fds;
  pid_t pid =
      0;  ///< of the process that the sender named (or the sender), as this process sees it; 0: not asked for
};

class Channel {
 public:
  Channel() = default;
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}

  /// Both ends of a new socket pair, CLOEXEC.
  static Result<std::pair<Channel, Channel>> pair();

  /// Blocks while the other end does not read. `about`: a process of the sender's pid namespace (0: none).
  /// ERRORS: unavailable (the other process is gone), io.
  Status send(std::string_view body, const std::vector<int>& fds = {}, pid_t about = 0) const;
  /// Blocks for the next frame. RETURNS nothing at end of file. ERRORS: io.
  Result<std::optional<Frame>> receive() const;
  /// From now on, frames carry the pid. Call on the receiving end.
  Status want_pids() const;
  /// Ends both directions, so that a thread that is blocked in receive() returns. Thread: any.
  void shutdown() const;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool valid() const { return fd_.valid(); }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
};

}  // namespace sunder::harness
