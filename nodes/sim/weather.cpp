// See weather.hpp.
#include "nodes/sim/weather.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sunder::nodes {
namespace {

constexpr Nanos kUsual[] = {kMillisecond, 4 * kMillisecond, 12 * kMillisecond};
constexpr double kLosses[] = {0, 0.05, 0.2};
constexpr double kRoughLosses = 0.35;
constexpr Nanos kLooseClocks = 200 * kMillisecond;  // where the mode does not rely on them

Nanos draw(Rng& rng, Nanos from, Nanos to) {
  return from + static_cast<Nanos>(rng.below(static_cast<std::uint64_t>(to - from + 1)));
}

}  // namespace

Weather::Weather(const Mode& mode, const WeatherSpec& spec, Rng& rng) : offsets_(spec.nodes, 0) {
  usual_ = spec.rough ? kMillisecond : kUsual[rng.below(3)];
  // A clock may be off by the whole uncertainty and still be right; without it, clocks are set by hand.
  const bool clocks = std::string_view(mode.name) == "commit-wait";
  const Nanos most = clocks ? spec.uncertainty : kLooseClocks;
  for (Nanos& offset : offsets_) {
    offset = rng.chance(0.6) ? (rng.chance(0.5) ? most : -most) : draw(rng, -most, most);
  }
  if (spec.rough && spec.nodes > 1) {
    offsets_[0] = most;
    offsets_[1] = -most;
  }
  if (!spec.faults) return;
  slow_ = rng.chance(0.5) ? 0.1 : 0;
  losses_ = spec.rough ? kRoughLosses : kLosses[rng.below(3)];
  repeats_ = rng.chance(0.5) ? 0.05 : 0;
  draw_cuts(spec, rng);
  draw_pauses(mode, spec, rng);
}

void Weather::draw_cuts(const WeatherSpec& spec, Rng& rng) {
  const auto [nodes, length] = std::pair(spec.nodes, spec.length);
  const std::uint32_t all = (1U << nodes) - 1;
  const std::uint64_t count = spec.rough ? 1 + rng.below(3) : rng.below(4);
  for (std::uint64_t i = 0; i < count && nodes > 1; ++i) {
    Cut cut;
    cut.begin = draw(rng, 0, length);
    cut.end = cut.begin + draw(rng, length / 10, spec.rough ? length / 5 : length / 2);
    const std::uint64_t shape = rng.below(3);
    const auto one = static_cast<unsigned>(rng.below(nodes));
    if (shape == 0) {  // any two groups
      cut.from = 1 + static_cast<std::uint32_t>(rng.below(all - 1));
      cut.to = all & ~cut.from;
    } else {  // one node from all others, or from one of them
      cut.from = 1U << one;
      cut.to = shape == 1 ? all & ~cut.from : 1U << ((one + 1) % nodes);
    }
    cuts_.push_back(cut);
    if (!rng.chance(0.25)) cuts_.push_back({cut.begin, cut.end, cut.to, cut.from});  // else one-way
  }
}

void Weather::draw_pauses(const Mode& mode, const WeatherSpec& spec, Rng& rng) {
  const auto [nodes, length] = std::pair(spec.nodes, spec.length);
  const std::uint64_t count = rng.below(3);
  unsigned stopped = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Pause pause;
    pause.begin = draw(rng, 0, length);
    pause.end = pause.begin + draw(rng, length / 20, length / 4);
    pause.node = static_cast<NodeIndex>(rng.below(nodes));
    pause.for_good =
        mode.survives_stop && !spec.rough && stopped + 1 < nodes / 2 + 1 && rng.chance(0.3);
    if (pause.for_good) ++stopped;
    pauses_.push_back(pause);
  }
}

std::optional<Nanos> Weather::travel(NodeIndex from, NodeIndex to, Nanos now, Rng& rng) const {
  const Nanos time = usual_ / 2 + draw(rng, 0, usual_);
  if (calm_) return time;
  for (const Cut& cut : cuts_) {
    const bool met = now >= cut.begin && now < cut.end && (cut.from >> from & 1U) != 0 &&
                     (cut.to >> to & 1U) != 0;
    if (met) return std::nullopt;
  }
  if (losses_ > 0 && rng.chance(losses_)) return std::nullopt;
  return slow_ > 0 && rng.chance(slow_) ? 10 * time : time;
}

std::optional<Nanos> Weather::awake(NodeIndex node, Nanos now) const {
  Nanos at = now;
  for (const Pause& pause : pauses_) {
    if (pause.node != node || now < pause.begin) continue;
    if (pause.for_good) return std::nullopt;
    if (!calm_ && now < pause.end) at = std::max(at, pause.end);
  }
  return at;
}

}  // namespace sunder::nodes
