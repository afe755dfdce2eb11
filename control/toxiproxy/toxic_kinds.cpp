// The table of toxics; see toxic_kinds.hpp. One row is one toxic.
#include "control/toxiproxy/toxic_kinds.hpp"

#include <algorithm>
#include <array>

namespace sunder::control::toxiproxy {
namespace {

using Params = std::map<std::string, std::string>;

constexpr std::int64_t kWaitMaxMs = 3'600'000;  ///< an hour, the bound of sunder's faults
constexpr std::int64_t kSizeMax = 1'000'000'000;
constexpr std::int64_t kRateMaxKb = 1'000'000'000;  ///< a terabyte a second: no bound any more
constexpr std::int64_t kBytesMax = 1'000'000'000'000'000'000;

std::string in(std::int64_t value, std::int64_t max, const char* unit) {
  return std::to_string(std::clamp<std::int64_t>(value, 0, max)) + unit;
}
std::string milliseconds(std::int64_t value) {
  return in(value, kWaitMaxMs, "ms");
}

Result<Params> latency(const Attributes& a) {
  return Params{
      {"delay", milliseconds(a[0])}, {"jitter", milliseconds(a[1])}, {"distribution", "uniform"}};
}

Result<Params> bandwidth(const Attributes& a) {
  if (a[0] < 0) {
    return Error{ErrorCode::invalid, "attributes.rate must not be negative: 0 lets nothing pass"};
  }
  if (a[0] == 0) return Params{{"rate", "0"}};
  return Params{{"rate", in(std::min(a[0], kRateMaxKb) * 1000, kBytesMax, "B/s")}};
}

Result<Params> slow_close(const Attributes& a) {
  return Params{{"delay", milliseconds(a[0])}};
}

Result<Params> timeout(const Attributes& a) {
  return Params{{"timeout", milliseconds(a[0])}};
}

Result<Params> slicer(const Attributes& a) {
  // Without a size there is nothing to slice by; a variation as large as the size would make slices of no bytes.
  const std::int64_t size = a[0] <= 0 ? kSizeMax : std::min(a[0], kSizeMax);
  return Params{{"size", in(size, kSizeMax, "B")},
                {"variation", in(std::min(a[1], size - 1), kSizeMax, "B")},
                {"delay", in(a[2], kWaitMaxMs * 1000, "us")}};
}

Result<Params> limit_data(const Attributes& a) {
  return Params{{"bytes", in(a[0], kBytesMax, "B")}};
}

Result<Params> nothing(const Attributes& /*a*/) {
  return Params{};
}

constexpr std::array<std::string_view, 2> kLatency{"latency", "jitter"};
constexpr std::array<std::string_view, 1> kRate{"rate"};
constexpr std::array<std::string_view, 1> kDelay{"delay"};
constexpr std::array<std::string_view, 1> kTimeout{"timeout"};
constexpr std::array<std::string_view, 3> kSlicer{"average_size", "size_variation", "delay"};
constexpr std::array<std::string_view, 1> kBytes{"bytes"};

constexpr std::array<ToxicKind, 8> kKinds{{
    {"latency", "LatencyToxic", kLatency, "int64", "delay", latency},
    {"bandwidth", "BandwidthToxic", kRate, "int64", "rate", bandwidth},
    {"slow_close", "SlowCloseToxic", kDelay, "int64", "slow_close", slow_close},
    {"timeout", "TimeoutToxic", kTimeout, "int64", "timeout", timeout},
    {"reset_peer", "ResetToxic", kTimeout, "int64", "reset_peer", timeout},
    {"slicer", "SlicerToxic", kSlicer, "int", "slice", slicer},
    {"limit_data", "LimitDataToxic", kBytes, "int64", "limit_data", limit_data},
    {"noop", "NoopToxic", {}, "int64", "", nothing},
}};

}  // namespace

const ToxicKind* find_toxic_kind(std::string_view name) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const ToxicKind& kind) { return kind.name == name; });
  return found == kKinds.end() ? nullptr : &*found;
}

}  // namespace sunder::control::toxiproxy
