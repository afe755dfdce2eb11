// slice: the stream arrives in small pieces, each written by itself, with a wait between them.
//
// Tested by tests/proxy/fault_kinds_test.cpp.
#include <algorithm>
#include <array>

#include "proxy/fault.hpp"
#include "proxy/faults/draw.hpp"

namespace sunder::proxy {
namespace {

class Slice final : public Fault {
 public:
  explicit Slice(const ParamValues& params) { read(params); }

  Verdict on_chunk(std::size_t bytes, Nanos arrival, Moment moment) noexcept override {
    std::int64_t piece = size_;
    if (variation_ > 0) {
      const auto width = static_cast<std::uint64_t>(2 * variation_ + 1);
      piece += static_cast<std::int64_t>(moment.dice.below(width)) - variation_;
    }
    piece = std::max<std::int64_t>(piece, 1);
    before_ = last_;
    last_ = std::max(arrival, last_ < 0 ? arrival : last_ + delay_);
    return {.due = last_, .bytes = std::min(bytes, static_cast<std::size_t>(piece)), .alone = true};
  }
  void update(const ParamValues& params, Moment /*moment*/) noexcept override {
    last_ = before_;
    read(params);
  }

 private:
  void read(const ParamValues& params) noexcept {
    size_ = params.number("size");
    variation_ = params.number("variation");
    delay_ = params.number("delay");
  }
  std::int64_t size_ = 1;
  std::int64_t variation_ = 0;
  Nanos delay_ = 0;
  Nanos last_ = -1;    ///< when the last piece is due
  Nanos before_ = -1;  ///< and the one before it
};

constexpr std::array<ParamSpec, 3> kSliceParams{{
    {.name = "size",
     .doc = "bytes of a piece",
     .unit = ParamUnit::size,
     .fallback = "64B",
     .min = 1,
     .max = 1e9},
    {.name = "variation",
     .doc = "how many bytes a piece may be larger or smaller; a piece has one byte at least",
     .unit = ParamUnit::size,
     .fallback = "0",
     .max = 1e9},
    {.name = "delay",
     .doc = "how long a piece waits after the one before it",
     .unit = ParamUnit::duration,
     .fallback = "0us",
     .max = kDelayMax},
}};

}  // namespace

extern const FaultKind slice_kind;
const FaultKind slice_kind{
    .name = "slice",
    .doc = "The stream arrives in small pieces.",
    .params = kSliceParams,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<Slice>(making.params);
    },
};

}  // namespace sunder::proxy
