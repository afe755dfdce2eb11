// Frames: where messages begin and end in a stream of bytes.
//
// Rule.frame → registry → **FrameParser** → Framer → drop_message, lose_reply, triggers after N
// messages. A parser is fed pieces of any size and keeps only numbers: no byte is buffered. Bytes
// that are not of the framing, or a message over kMessageBytesMax, break it for good: who asks then
// lets everything pass. A kind of framing is one file proxy/frames/<kind>.cpp and one line in
// proxy/frames/list.def.
// Thread: a value of its pipeline's loop. Tested by tests/proxy/frame_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace sunder::proxy {

inline constexpr std::uint64_t kMessageBytesMax = std::uint64_t{64} << 20;

class FrameParser {
 public:
  enum class Found : std::uint8_t {
    more,    ///< all bytes were taken; the message goes on (or none has begun)
    end,     ///< a message ends after the bytes taken
    broken,  ///< this is not the framing
  };
  struct Step {
    std::size_t bytes = 0;  ///< taken
    Found found = Found::more;
  };
  virtual ~FrameParser() = default;
  /// Takes bytes up to the end of the current message at most.
  virtual Step next(std::span<const std::byte> bytes) noexcept = 0;
  /// Expects the first byte of a message.
  virtual void restart() noexcept = 0;
};

class FrameKind {
 public:
  std::string_view name;
  std::string_view doc;
  std::unique_ptr<FrameParser> (*make)() = nullptr;
};

/// A parser, and whether it is in step with the stream. A rule that meets a connection in the
/// middle can't know where a message begins: it is in step from the first read that, by itself,
/// holds whole messages and nothing else.
class Framer {
 public:
  Framer(std::unique_ptr<FrameParser> parser, bool in_step)
      : parser_(std::move(parser)), in_step_(in_step) {}

  /// REQUIRED once for each read before next(): looks for the step. RETURNS in_step().
  bool look(std::span<const std::byte> read) noexcept;
  /// REQUIRES in_step(). After `broken` it is out of step for good.
  FrameParser::Step next(std::span<const std::byte> bytes) noexcept;
  /// Bytes have passed that it has not seen.
  void lose_step() noexcept { in_step_ = false; }

  [[nodiscard]] bool in_step() const noexcept { return in_step_; }
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  [[nodiscard]] bool at_start() const noexcept { return at_start_; }  ///< between two messages

 private:
  std::unique_ptr<FrameParser> parser_;
  bool in_step_;
  bool broken_ = false;
  bool at_start_ = true;
};

}  // namespace sunder::proxy
