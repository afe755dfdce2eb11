#include "base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <span>

namespace sunder {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 7> kTimes{{{"ns", 1},
                                      {"us", 1e3},
                                      {"\u00b5s", 1e3},
                                      {"ms", 1e6},
                                      {"s", 1e9},
                                      {"m", 60e9},
                                      {"h", 3600e9}}};
constexpr std::array<Unit, 7> kSizes{{{"B", 1},
                                      {"kB", 1e3},
                                      {"MB", 1e6},
                                      {"GB", 1e9},
                                      {"KiB", 1024},
                                      {"MiB", 1048576},
                                      {"GiB", 1073741824}}};
constexpr std::array<Unit, 11> kRates{{{"B/s", 1},
                                       {"kB/s", 1e3},
                                       {"MB/s", 1e6},
                                       {"GB/s", 1e9},
                                       {"KiB/s", 1024},
                                       {"MiB/s", 1048576},
                                       {"GiB/s", 1073741824},
                                       {"bit/s", 0.125},
                                       {"kbit/s", 125},
                                       {"Mbit/s", 125e3},
                                       {"Gbit/s", 125e6}}};

Error bad(std::string_view what, std::string_view text, std::string_view example) {
  return {ErrorCode::invalid, "\"" + std::string(text) + "\" is not a " + std::string(what) +
                                  "; write for example \"" + std::string(example) + "\""};
}

// The largest number that a double carries exactly enough for our purpose; beyond it the input is a mistake.
constexpr double kMax = 9.0e18;

Result<double> parse_with(std::string_view text, std::span<const Unit> units, std::string_view what,
                          std::string_view example) {
  double number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{} || !std::isfinite(number) || number < 0) return bad(what, text, example);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit.empty() && number == 0) return 0.0;
  for (const Unit& u : units) {
    if (unit != u.name) continue;
    if (number * u.factor > kMax) return bad(what, text, example);
    return number * u.factor;
  }
  return bad(what, text, example);
}

std::string trimmed(double value, const char* unit) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  std::string out(buffer);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out + unit;
}

}  // namespace

Result<Nanos> parse_duration(std::string_view text) {
  auto value = parse_with(text, kTimes, "duration", "50ms");
  if (!value) return value.error();
  return static_cast<Nanos>(std::llround(*value));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  auto value = parse_with(text, kSizes, "size", "64KiB");
  if (!value) return value.error();
  return static_cast<std::uint64_t>(std::llround(*value));
}

Result<std::uint64_t> parse_rate(std::string_view text) {
  auto value = parse_with(text, kRates, "rate", "1MiB/s");
  if (!value) return value.error();
  if (*value < 1) return bad("rate", text, "1MiB/s");
  return static_cast<std::uint64_t>(std::llround(*value));
}

Result<double> parse_ratio(std::string_view text) {
  std::string_view digits = text;
  const bool percent = !digits.empty() && digits.back() == '%';
  if (percent) digits.remove_suffix(1);
  double number = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (percent) number /= 100;
  if (ec != std::errc{} || end != digits.data() + digits.size() || !(number >= 0 && number <= 1)) {
    return bad("ratio from 0 to 1", text, "0.25");
  }
  return number;
}

std::string format_duration(Nanos nanos) {
  const auto value = static_cast<double>(nanos);
  const double size = std::fabs(value);
  if (size >= 1e9) return trimmed(value / 1e9, "s");
  if (size >= 1e6) return trimmed(value / 1e6, "ms");
  if (size >= 1e3) return trimmed(value / 1e3, "us");
  return std::to_string(nanos) + "ns";
}

std::string format_size(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= 1U << 30U) return trimmed(value / (1U << 30U), "GiB");
  if (bytes >= 1U << 20U) return trimmed(value / (1U << 20U), "MiB");
  if (bytes >= 1U << 10U) return trimmed(value / (1U << 10U), "KiB");
  return std::to_string(bytes) + "B";
}

}  // namespace sunder
