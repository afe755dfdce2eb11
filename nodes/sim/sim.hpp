// Sim: a whole cluster of reference nodes with its clients, network and faults, in virtual time, from one seed.
//
// SimOptions → **simulate** → what each client asked and heard (SimOp), on one clock. The same options give the same run
// on every machine, and a run of 50 operations takes less than a millisecond.
// The weather is drawn from the seed: how slow, lossy and repetitive the network is; wall clocks that differ, as far as
// the mode allows; cuts of all shapes, one-way too, that heal; nodes that pause, or stop for good where the mode
// survives that. Clients stay at one node, have one operation open and give up after a while, as those of the harness do.
// At the end everything heals, the nodes get time to talk, and each key is read at each node that is alive.
// Thread: one per run. Tested by tests/nodes/sim_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nodes/mode.hpp"

namespace sunder::nodes {

struct SimOptions {
  const Mode* mode = nullptr;
  std::string bug;
  std::uint64_t seed = 1;
  unsigned nodes = 3;
  unsigned clients = 6;  ///< client i stays at node i mod nodes
  unsigned keys = 2;
  double changes = 0.5;      ///< share of operations of registers that write
  unsigned operations = 40;  ///< of all clients, without the final reads
  bool faults = true;
  bool rough =
      false;  ///< hurried clients, a quick network that loses a lot, and surely a cut: shows defects soon
};

enum class SimEnd : std::uint8_t { ok, mismatch, failed, unknown };

struct SimOp {
  std::uint32_t process = 0;  ///< another one after an unknown outcome
  NodeIndex node = 0;
  Kind kind = Kind::read;
  std::uint32_t key = 0;
  bool set = false;  ///< crdt: a read of a set
  Value value;       ///< asked: write, cas, add, increment; heard: read of a value
  Value expected;    ///< cas
  Value observed;    ///< mismatch
  std::vector<std::int64_t> list;
  Nanos invoked = 0;
  Nanos completed = -1;  ///< -1: never heard
  SimEnd end = SimEnd::unknown;
};

struct SimRun {
  std::vector<SimOp> ops;  ///< by `invoked`
  Nanos healed = 0;        ///< when the last fault ended
  unsigned cuts = 0;
  unsigned pauses = 0;
  unsigned stops = 0;
  std::uint64_t messages = 0;
  std::uint64_t lost = 0;
};

[[nodiscard]] SimRun simulate(const SimOptions& options);

}  // namespace sunder::nodes
