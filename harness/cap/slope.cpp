// See slope.hpp.
#include "harness/cap/slope.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "sunder/rng.hpp"

namespace sunder::harness::cap {
namespace {

constexpr int kDraws = 200;

struct Point {
  double x = 0;
  double y = 0;
};

std::vector<double> as_doubles(const std::vector<Nanos>& values) {
  return {values.begin(), values.end()};
}

double theil_sen(const std::vector<Point>& points) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      const double run = points[j].x - points[i].x;
      if (run != 0) slopes.push_back((points[j].y - points[i].y) / run);
    }
  }
  return median(std::move(slopes)).value_or(0);
}

double drawn_again(const std::vector<Nanos>& latencies, Rng& rng) {
  std::vector<double> drawn;
  drawn.reserve(latencies.size());
  for (std::size_t i = 0; i < latencies.size(); ++i) {
    drawn.push_back(static_cast<double>(latencies[rng.below(latencies.size())]));
  }
  return median(std::move(drawn)).value_or(0);
}

// Last undelayed median minus the first.
double drift_of(const std::vector<Point>& points) {
  std::vector<double> still;
  for (const Point& point : points) {
    if (point.x == 0) still.push_back(point.y);
  }
  return still.size() < 2 ? 0 : still.back() - still.front();
}

}  // namespace

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::optional<Fit> fit_slope(const std::vector<DelayPoint>& points, std::uint64_t seed) {
  std::vector<DelayPoint> used;
  std::vector<Point> medians;
  std::set<Nanos> delays;
  double greatest = 0;
  for (const DelayPoint& point : points) {
    if (point.latencies.size() < kFewestAnswers) continue;
    used.push_back(point);
    const auto x = static_cast<double>(point.rtt);
    medians.push_back({x, *median(as_doubles(point.latencies))});
    delays.insert(point.rtt);
    greatest = std::max(greatest, x);
  }
  if (delays.size() < 3) return std::nullopt;

  Fit fit;
  fit.slope.mid = theil_sen(medians);
  std::vector<double> rests;
  for (const Point& point : medians) rests.push_back(point.y - fit.slope.mid * point.x);
  fit.base_ms = median(rests).value_or(0) / 1e6;
  const double drift = drift_of(medians);
  fit.drift_ms = drift / 1e6;

  Rng rng(derive_seed(seed, {"bootstrap"}));
  std::vector<double> slopes;
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<Point> again;
    for (const DelayPoint& point : used) {
      again.push_back({static_cast<double>(point.rtt), drawn_again(point.latencies, rng)});
    }
    slopes.push_back(theil_sen(again));
  }
  std::sort(slopes.begin(), slopes.end());
  const double wider = std::abs(drift) / greatest;
  const auto at = [&slopes](double share) {
    return slopes[static_cast<std::size_t>(share * static_cast<double>(slopes.size() - 1))];
  };
  fit.slope.lo = std::min(fit.slope.mid, at(0.025)) - wider;
  fit.slope.hi = std::max(fit.slope.mid, at(0.975)) + wider;
  return fit;
}

}  // namespace sunder::harness::cap
