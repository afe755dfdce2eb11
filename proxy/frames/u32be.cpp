// u32be: a length of four bytes, big end first, then so many bytes.
//
// The length counts what follows it; 0 is a message too. ZooKeeper, Kafka and many others.
// Tested by tests/proxy/frame_test.cpp.
#include <algorithm>

#include "proxy/frame.hpp"

namespace sunder::proxy {
namespace {

class U32be final : public FrameParser {
 public:
  Step next(std::span<const std::byte> bytes) noexcept override {
    std::size_t taken = 0;
    while (header_ < 4) {
      if (taken == bytes.size()) return {taken, Found::more};
      left_ = (left_ << 8U) | std::to_integer<std::uint64_t>(bytes[taken++]);
      if (++header_ == 4 && left_ > kMessageBytesMax) return {taken, Found::broken};
    }
    const std::size_t part = std::min<std::uint64_t>(left_, bytes.size() - taken);
    left_ -= part;
    taken += part;
    if (left_ > 0) return {taken, Found::more};
    restart();
    return {taken, Found::end};
  }
  void restart() noexcept override {
    header_ = 0;
    left_ = 0;
  }

 private:
  unsigned header_ = 0;  ///< bytes of the length that have come
  std::uint64_t left_ = 0;
};

}  // namespace

extern const FrameKind u32be_frame;
const FrameKind u32be_frame{
    .name = "u32be",
    .doc = "a length of four bytes, big end first, then so many bytes",
    .make = []() -> std::unique_ptr<FrameParser> { return std::make_unique<U32be>(); },
};

}  // namespace sunder::proxy
