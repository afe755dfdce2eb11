// Majority: the half of a register that every node of a quorum keeps, and the questions that go to all of them.
//
// quorum, commit-wait → **Majority** → Host. A node answers a query with the version it has, and stores a larger one. Who
// asks counts the answers itself: when enough have come is what the modes differ in.
// Messages: query(round, key) → report(round, tag, value); store(round, key, tag, value) → stored(round).
// Source: Attiya, Bar-Noy, Dolev, JACM 1995. Thread: the replica's. Tested by tests/calibrate/calibrate_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "nodes/replica.hpp"

namespace sunder::nodes {

/// One phase of one operation.
struct Round {
  Request request;
  bool storing = false;     ///< else it asks for versions
  std::uint32_t heard = 0;  ///< nodes that have answered this phase, a bit each
  bool same = true;         ///< all told the same tag so far
  Versioned best;           ///< the largest version told, or the one to be stored
  Nanos deadline = 0;

  [[nodiscard]] unsigned answers() const;
  /// A node's version.
  void hear(NodeIndex from, const Versioned& told);
  /// From now on `best` is to be stored.
  void begin_store();
};

class Majority {
 public:
  enum Type : std::uint32_t { kQuery, kReport, kStore, kStored };

  Majority(const ReplicaConfig& config, Host& host) : config_(config), host_(host) {}

  /// What this node has.
  [[nodiscard]] const Versioned& mine(const std::string& key) { return values_[key]; }
  /// Stores it here, unless a larger one is there.
  void keep(const std::string& key, const Versioned& told);
  /// Answers a query or a store. RETURNS false for other messages.
  bool serve(NodeIndex from, const Message& message);
  /// Sends this phase's question to all that have not answered it, and wakes the replica for the next time.
  void ask(const Round& round);
  /// The client's answer.
  void end(std::uint64_t id, Answer how, Value value, const char* text);

 private:
  const ReplicaConfig& config_;
  Host& host_;
  std::map<std::string, Versioned> values_;
};

}  // namespace sunder::nodes
