// Units: texts that people write, as numbers, and back. "50ms", "1.5s", "250us" · "64KiB", "1MiB" · "1MiB/s", "80kbit/s".
//
// A time or size without a unit is an error, but for 0: "5" of what? Binary units are KiB, MiB, GiB; decimal ones kB, MB,
// GB; a rate is a size per second ("1MiB/s") or bits per second ("10Mbit/s").
// ERRORS: invalid, and the message shows a right spelling. Thread: pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder {

/// Units ns, us (or µs), ms, s, m, h. RETURNS >= 0.
[[nodiscard]] Result<Nanos> parse_duration(std::string_view text);
/// Units B, kB, MB, GB, KiB, MiB, GiB. RETURNS bytes.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
/// RETURNS bytes per second, > 0.
[[nodiscard]] Result<std::uint64_t> parse_rate(std::string_view text);
/// A ratio: "0.25" or "25%". RETURNS 0..1.
[[nodiscard]] Result<double> parse_ratio(std::string_view text);

/// Shortest readable form: 1500000 → "1.5ms"; at most three digits after the point.
[[nodiscard]] std::string format_duration(Nanos nanos);
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace sunder
