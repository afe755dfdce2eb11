// corrupt: bytes arrive changed. Unnatural: TCP's checksum keeps this from happening in a network;
// what it shows is how a program takes wrong input.
//
// Each byte is changed with the same chance, by itself; the distance to the next one is drawn
// (geometric), so that a low ratio costs nothing for a byte. A changed byte always differs.
// Tested by tests/proxy/fault_kinds_test.cpp.
#include <algorithm>
#include <array>
#include <cmath>

#include "proxy/fault.hpp"

namespace sunder::proxy {
namespace {

class Corrupt final : public Fault {
 public:
  explicit Corrupt(const ParamValues& params) : ratio_(params.ratio("ratio")) {}

  void on_start(Moment moment) noexcept override { draw(moment.dice); }
  Passed on_bytes(std::span<std::byte> bytes, Moment moment) noexcept override {
    Passed passed{.kept = bytes.size()};
    std::uint64_t at = 0;
    while (bytes.size() - at > gap_) {
      at += gap_;
      bytes[at] ^= static_cast<std::byte>(1 + moment.dice.below(255));
      ++passed.changed;
      ++at;
      draw(moment.dice);
    }
    gap_ -= bytes.size() - at;
    return passed;
  }
  void update(const ParamValues& params, Moment moment) noexcept override {
    ratio_ = params.ratio("ratio");
    draw(moment.dice);
  }

 private:
  /// How many bytes pass before the next one is changed.
  void draw(Rng& dice) noexcept {
    constexpr double kFar = 1e18;
    if (ratio_ <= 0) {
      gap_ = static_cast<std::uint64_t>(kFar);
    } else if (ratio_ >= 1) {
      gap_ = 0;
    } else {
      gap_ = static_cast<std::uint64_t>(
          std::min(std::log(1 - dice.uniform()) / std::log1p(-ratio_), kFar));
    }
  }
  double ratio_;
  std::uint64_t gap_ = 0;
};

constexpr std::array<ParamSpec, 1> kCorruptParams{{
    {.name = "ratio",
     .doc = "the chance of each byte to be changed",
     .unit = ParamUnit::ratio,
     .fallback = "0.001"},
}};

}  // namespace

extern const FaultKind corrupt_kind;
const FaultKind corrupt_kind{
    .name = "corrupt",
    .doc = "Bytes arrive changed (unnatural: no network does this).",
    .params = kCorruptParams,
    .place = Place::door,
    .unnatural = true,
    .make = [](const Making& making) -> std::unique_ptr<Fault> {
      return std::make_unique<Corrupt>(making.params);
    },
};

}  // namespace sunder::proxy
