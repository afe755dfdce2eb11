// resp: the protocol of Redis, versions 2 and 3, requests (arrays) and replies.
//
// A value is a line, a line with a length and so many bytes, or a line with a count and so many
// values; a message is one value of the outermost level. Inline commands and streamed values of
// unknown length are not the framing. Nesting deeper than kDepthMax is not either.
// Source: Redis serialization protocol specification (RESP2, RESP3). Tested by
// tests/proxy/frame_test.cpp.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "proxy/frame.hpp"

namespace sunder::proxy {
namespace {

constexpr std::size_t kDepthMax = 32;
constexpr std::uint64_t kCountMax = kMessageBytesMax;  // a value has a byte at least

class Resp final : public FrameParser {
 public:
  Step next(std::span<const std::byte> bytes) noexcept override {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
      const std::size_t before = taken;
      if (in_body_ > 0) {
        taken += body(bytes.size() - taken);
      } else if (!one(static_cast<char>(bytes[taken++]))) {
        return {taken, Found::broken};
      }
      size_ += taken - before;
      if (size_ > kMessageBytesMax) return {taken, Found::broken};
      if (done_) {
        restart();
        return {taken, Found::end};
      }
    }
    return {taken, Found::more};
  }
  void restart() noexcept override { *this = Resp(); }

 private:
  /// Skips bytes of a blob.
  std::size_t body(std::size_t most) noexcept {
    const std::size_t part = std::min<std::uint64_t>(in_body_, most);
    in_body_ -= part;
    if (in_body_ == 0) value_done();
    return part;
  }

  /// RETURNS false if the byte does not belong there.
  bool one(char c) noexcept {
    if (type_ == 0) {
      if (std::string_view("+-:$*_#,(!=%~>|").find(c) == std::string_view::npos) return false;
      type_ = c;
      number_ = 0;
      digits_ = 0;
      negative_ = seen_cr_ = false;
      return true;
    }
    if (seen_cr_) return c == '\n' && line_done();
    if (c == '\r') {
      seen_cr_ = true;
      return true;
    }
    if (c == '\n') return false;
    return !counted() || digit(c);
  }

  /// The line holds a length or a count.
  [[nodiscard]] bool counted() const noexcept {
    return std::string_view("$!=*%~>|").find(type_) != std::string_view::npos;
  }
  bool digit(char c) noexcept {
    if (c == '-' && digits_ == 0 && !negative_) return negative_ = true;
    if (c < '0' || c > '9') return false;
    number_ = number_ * 10 + static_cast<std::uint64_t>(c - '0');
    return ++digits_ <= 10 && number_ <= kCountMax;
  }

  bool line_done() noexcept {
    const char type = std::exchange(type_, '\0');
    if (std::string_view("$!=*%~>|").find(type) == std::string_view::npos) return value_done();
    if (digits_ == 0) return false;
    if (negative_) return number_ == 1 && (type == '$' || type == '*') && value_done();
    if (type == '$' || type == '!' || type == '=') {
      in_body_ = number_ + 2;  // CR LF behind it
      return true;
    }
    std::uint64_t values = number_;
    if (type == '%' || type == '|') values *= 2;
    if (type == '|') ++values;  // attributes stand before the value that they describe
    if (values == 0) return value_done();
    if (depth_ == kDepthMax) return false;
    left_[depth_++] = values;
    return true;
  }

  /// One value has ended, and with it perhaps those around it.
  bool value_done() noexcept {
    while (depth_ > 0) {
      if (--left_[depth_ - 1] > 0) return true;
      --depth_;
    }
    return done_ = true;
  }

  std::array<std::uint64_t, kDepthMax> left_{};  ///< values that each open level still needs
  std::size_t depth_ = 0;
  std::uint64_t in_body_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t size_ = 0;
  unsigned digits_ = 0;
  char type_ = 0;  ///< of the line being read; 0: between lines
  bool negative_ = false;
  bool seen_cr_ = false;
  bool done_ = false;
};

}  // namespace

extern const FrameKind resp_frame;
const FrameKind resp_frame{
    .name = "resp",
    .doc = "Redis requests and replies (RESP2, RESP3)",
    .make = []() -> std::unique_ptr<FrameParser> { return std::make_unique<Resp>(); },
};

}  // namespace sunder::proxy
