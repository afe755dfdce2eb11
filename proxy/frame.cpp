// Framer: see frame.hpp. Tested by tests/proxy/frame_test.cpp.
#include "proxy/frame.hpp"

#include "base/assert.hpp"

namespace sunder::proxy {

bool Framer::look(std::span<const std::byte> read) noexcept {
  if (in_step_ || broken_ || read.empty()) return in_step_;
  parser_->restart();
  FrameParser::Step step;
  do {
    step = parser_->next(read);
    read = read.subspan(step.bytes);
  } while (step.found == FrameParser::Found::end && !read.empty());
  in_step_ = step.found == FrameParser::Found::end;
  parser_->restart();
  at_start_ = true;
  return in_step_;
}

FrameParser::Step Framer::next(std::span<const std::byte> bytes) noexcept {
  SUNDER_ASSERT(in_step_);
  const FrameParser::Step step = parser_->next(bytes);
  if (step.found == FrameParser::Found::broken) {
    broken_ = true;
    in_step_ = false;
  } else if (step.found == FrameParser::Found::end) {
    at_start_ = true;
  } else if (step.bytes > 0) {
    at_start_ = false;
  }
  return step;
}

}  // namespace sunder::proxy
