// LoopContext: what the connections and listeners of one loop share.
//
// HallLoop owns it → Listener and Connection hold a reference. Nothing in it is shared with another
// loop but `ordinals`, `connections` and constants.
// Thread: the loop's. Tested through tests/proxy/proxy_test.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "proxy/byte_queue.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/in_force.hpp"
#include "proxy/proxy.hpp"
#include "proxy/uv/loop.hpp"

namespace sunder::proxy {

class Connection;

/// How many connections each pair has opened, over all loops: the ordinal in the labels of the
/// dice.
class Ordinals {
 public:
  std::uint64_t next(PairId pair) {
    const std::lock_guard lock(mutex_);
    return counts_[pair]++;
  }

 private:
  std::mutex mutex_;  // once a connection: never on the byte path
  std::map<PairId, std::uint64_t> counts_;
};

struct LoopContext {
  const Clock* clock = nullptr;
  std::shared_ptr<const Topology> topology;
  std::uint64_t seed = 0;
  bool spoof_source = false;
  std::size_t held_bytes_max = 0;
  Ordinals* ordinals = nullptr;
  std::atomic<std::size_t>* connections = nullptr;  ///< open or opening, of all loops
  std::size_t connections_max = 0;

  uv::Loop* loop = nullptr;
  Deadlines* deadlines = nullptr;
  BlockPool* blocks = nullptr;
  std::span<std::byte> buffer;  ///< one read buffer for all connections of the loop

  InForcePtr in_force;
  RuleTallies tallies;
  std::map<PairId, PairStats> stats;  ///< entries do not move
  std::vector<Connection*> finished;  ///< to be destroyed when the turn ends

  PairStats& stats_of(PairId pair) {
    PairStats& found = stats[pair];
    found.pair = pair;
    return found;
  }
};

}  // namespace sunder::proxy
