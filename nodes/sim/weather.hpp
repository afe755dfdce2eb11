// Weather: the network and the clocks of a simulated run, and what goes wrong when; all drawn from the seed.
//
// seed → **Weather** → the simulator asks it at every message. Thread: one. Tested by tests/nodes/sim_test.cpp.
#pragma once

#include <optional>
#include <vector>

#include "nodes/mode.hpp"

namespace sunder::nodes {

/// For a while no message gets from a node of `from` to a node of `to` (a bit each).
struct Cut {
  Nanos begin = 0;
  Nanos end = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// For a while a node does nothing; what comes waits, or is lost where it stops for good.
struct Pause {
  Nanos begin = 0;
  Nanos end = 0;
  NodeIndex node = 0;
  bool for_good = false;
};

struct WeatherSpec {
  unsigned nodes = 3;
  Nanos length = kSecond;  ///< about how long the clients are at work
  Nanos uncertainty = 0;   ///< of commit-wait
  bool faults = true;
  bool rough = false;  ///< see SimOptions
};

class Weather {
 public:
  Weather(const Mode& mode, const WeatherSpec& spec, Rng& rng);

  /// How long a message takes; nothing: it is lost.
  [[nodiscard]] std::optional<Nanos> travel(NodeIndex from, NodeIndex to, Nanos now,
                                            Rng& rng) const;
  [[nodiscard]] bool twice(Rng& rng) const { return rng.chance(repeats_); }
  /// When a node goes on that is paused `now`; `now` itself where it is not; nothing: it has stopped for good.
  [[nodiscard]] std::optional<Nanos> awake(NodeIndex node, Nanos now) const;
  /// By how much a node's wall clock is ahead.
  [[nodiscard]] Nanos offset(NodeIndex node) const { return offsets_[node]; }
  /// All faults end, but for nodes that stopped for good.
  void calm() { calm_ = true; }

  [[nodiscard]] const std::vector<Cut>& cuts() const { return cuts_; }
  [[nodiscard]] const std::vector<Pause>& pauses() const { return pauses_; }

 private:
  void draw_cuts(const WeatherSpec& spec, Rng& rng);
  void draw_pauses(const Mode& mode, const WeatherSpec& spec, Rng& rng);

  Nanos usual_ = kMillisecond;  // one way
  double slow_ = 0;             // share of messages that take ten times as long
  double losses_ = 0;
  double repeats_ = 0;
  std::vector<Nanos> offsets_;
  std::vector<Cut> cuts_;
  std::vector<Pause> pauses_;
  bool calm_ = false;
};

}  // namespace sunder::nodes
