// Fuzz target: RequestScan. However a request drips in, it is whole at the same byte, and stays so; nothing is read past
// what has come.
//
// The first byte of the input says how long the drips are.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "control/request_scan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using sunder::control::RequestScan;
  if (size == 0) return 0;
  const std::size_t drip = 1 + data[0] % 16;
  // On the heap and exactly as long, so that a read past the end is seen.
  const std::vector<char> bytes(data + 1, data + size);
  const std::string_view text(bytes.data(), bytes.size());
  RequestScan at_once;
  const bool whole = at_once.whole(text);
  RequestScan dripping;
  bool now = false;
  for (std::size_t come = std::min(drip, text.size());; come = std::min(come + drip, text.size())) {
    const bool before = now;
    now = dripping.whole(text.substr(0, come));
    if (before && !now) std::abort();
    if (come == text.size()) break;
  }
  if (now != whole || dripping.wants_continue() != at_once.wants_continue()) std::abort();
  return 0;
}
