// The robust slope: exact on a line, steady against spoiled points, honest about few answers and drift.
#include <cmath>

#include "harness/cap/slope.hpp"
#include "sunder/rng.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness::cap;

namespace {

constexpr Nanos kDelays[] = {0, 10, 40, 5, 20, 0};  // ms, in an order as measured

// Latency = base + slope · rtt + noise of a long tail, as databases have it.
std::vector<DelayPoint> points(double slope, Nanos noise, Rng& rng, std::size_t answers = 40) {
  std::vector<DelayPoint> out;
  for (const Nanos ms : kDelays) {
    DelayPoint point{ms * kMillisecond, {}};
    for (std::size_t i = 0; i < answers; ++i) {
      const double tail = -std::log(1 - rng.uniform()) * static_cast<double>(noise);
      point.latencies.push_back(kMillisecond + static_cast<Nanos>(tail) +
                                static_cast<Nanos>(slope * static_cast<double>(point.rtt)));
    }
    out.push_back(std::move(point));
  }
  return out;
}

}  // namespace

TEST_CASE("slope: exact without noise") {
  Rng rng(1);
  for (const double slope : {0.0, 0.1, 0.75, 1.0, 2.0}) {
    const auto fit = fit_slope(points(slope, 0, rng), 7);
    REQUIRE(fit);
    CHECK(fit->slope.mid == Approx(slope).margin(1e-6));
    CHECK(fit->slope.lo == Approx(slope).margin(1e-6));
    CHECK(fit->slope.hi == Approx(slope).margin(1e-6));
    CHECK(fit->base_ms == Approx(1.0).margin(1e-6));
    CHECK(fit->drift_ms == Approx(0.0).margin(1e-6));
  }
}

TEST_CASE("slope: within its interval under noise, and repeatable") {
  const std::uint64_t seed = 20261123;
  CAPTURE(seed);
  Rng rng(seed);
  int covered = 0;
  for (int i = 0; i < 50; ++i) {
    const auto sample = points(2, 3 * kMillisecond, rng);
    const auto fit = fit_slope(sample, 7);
    REQUIRE(fit);
    CHECK(fit->slope.lo <= fit->slope.mid);
    CHECK(fit->slope.mid <= fit->slope.hi);
    CHECK(fit->slope.mid == Approx(2).margin(0.25));
    covered += fit->slope.lo <= 2 && 2 <= fit->slope.hi ? 1 : 0;
    CHECK(fit_slope(sample, 7)->slope.mid == fit->slope.mid);
    CHECK(fit_slope(sample, 7)->slope.lo == fit->slope.lo);
  }
  CHECK(covered >= 42);
}

TEST_CASE("slope: one spoiled delay does not change the case") {
  Rng rng(3);
  auto sample = points(0, kMillisecond / 2, rng);
  for (Nanos& latency : sample[4].latencies) latency += 60 * kMillisecond;  // somebody compiled
  const auto fit = fit_slope(sample, 7);
  REQUIRE(fit);
  CHECK(fit->slope.mid < 0.1);
}

TEST_CASE("slope: drift widens the interval") {
  Rng rng(4);
  auto sample = points(1, 0, rng);
  for (Nanos& latency : sample.back().latencies) latency += 8 * kMillisecond;
  const auto fit = fit_slope(sample, 7);
  REQUIRE(fit);
  CHECK(fit->drift_ms == Approx(8).margin(1e-6));
  CHECK(fit->slope.hi - fit->slope.lo >= 0.4 - 1e-6);  // 8 ms of 40, to both sides
}

TEST_CASE("slope: too few answers or delays give none") {
  Rng rng(5);
  CHECK_FALSE(fit_slope({}, 7));
  CHECK_FALSE(fit_slope(points(1, 0, rng, kFewestAnswers - 1), 7));
  CHECK(fit_slope(points(1, 0, rng, kFewestAnswers), 7));
  auto two = points(1, 0, rng);
  two.erase(two.begin() + 2, two.begin() + 5);  // leaves 0, 10, 0
  CHECK_FALSE(fit_slope(two, 7));
}

TEST_CASE("slope: median") {
  CHECK_FALSE(median({}));
  CHECK(*median({3}) == 3);
  CHECK(*median({1, 9, 5}) == 5);
  CHECK(*median({9, 1, 5, 3}) == 4);
}
