// Fuzz target: every framing, fed in pieces. A step never takes more than it was offered, and bytes always get on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.hpp"
#include "proxy/frame.hpp"
#include "proxy/registry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sunder::proxy;
  if (size == 0) return 0;
  const std::size_t piece = data[0] % 16U + 1U;  // how much comes at once
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  for (const FrameKind* kind : all_frame_kinds()) {
    Framer framer(kind->make(), true);
    for (std::size_t at = 0; at < bytes.size() && framer.in_step();) {
      auto read = bytes.subspan(at, std::min(piece, bytes.size() - at));
      at += read.size();
      if (!framer.look(read)) break;
      while (!read.empty() && framer.in_step()) {
        const auto step = framer.next(read);
        SUNDER_ASSERT(step.bytes <= read.size());
        SUNDER_ASSERT(step.bytes > 0 || step.found != FrameParser::Found::more);
        if (step.bytes == 0 && step.found == FrameParser::Found::broken) break;
        read = read.subspan(step.bytes);
      }
    }
  }
  return 0;
}
