// InForce: a FaultSet with an index by pair and parsed parameters; what every loop looks at.
//
// Proxy::apply builds one **InForce** → each loop swaps its pointer → Connections adopt it.
// Also here: the tallies of one loop (what each rule touched), and the log by which one connection
// is counted once. Thread: InForce is built by one thread, then shared read-only; RuleTallies and
// TouchLog belong to a loop. Tested by tests/proxy/pipeline_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "proxy/fault.hpp"
#include "proxy/fault_set.hpp"

namespace sunder::proxy {

/// A fault rule and its parameters as numbers.
struct FaultRule {
  const Rule* rule = nullptr;
  ParamValues params;
};

/// What acts on the bytes of one directed pair.
struct PairRules {
  std::vector<const FaultRule*> faults;  ///< in the order in which they act
  std::vector<const Rule*> holds;
};

/// What acts on whole connections between two nodes, whoever dialled.
struct BetweenRules {
  std::vector<const Rule*> drops;
  std::vector<const Rule*> resets;
  std::vector<const Rule*> closes;
  std::vector<const Rule*> refuses;
};

class InForce {
 public:
  /// REQUIRES parameters that parse_params accepts.
  explicit InForce(FaultSetPtr set);
  InForce(const InForce&) = delete;
  InForce& operator=(const InForce&) = delete;

  [[nodiscard]] std::uint64_t epoch() const noexcept { return set_->epoch; }
  [[nodiscard]] const FaultSet& set() const noexcept { return *set_; }
  /// RETURNS nullptr where nothing acts.
  [[nodiscard]] const PairRules* of(PairId pair) const noexcept;
  [[nodiscard]] const BetweenRules* between(PairId pair) const noexcept;
  [[nodiscard]] bool has(RuleId id) const noexcept;

 private:
  FaultSetPtr set_;
  std::vector<FaultRule> faults_;
  std::unordered_map<std::uint32_t, PairRules> pairs_;
  std::unordered_map<std::uint32_t, BetweenRules> betweens_;
  std::vector<RuleId> ids_;  ///< sorted
};

using InForcePtr = std::shared_ptr<const InForce>;

/// What each rule in force has touched on one loop. Entries do not move: pipelines keep pointers to
/// them while the rule is in force.
using RuleTallies = std::map<RuleId, Touched>;

/// Adds the figures of one loop to those of others.
void add(Touched& sum, const Touched& part) noexcept;

/// Which rules have counted this connection already.
class TouchLog {
 public:
  /// Counts the connection once for the rule.
  void touch(RuleId id, Touched& tally);
  /// Forgets rules that are no longer in force.
  void prune(const InForce& in_force);

 private:
  std::vector<RuleId> ids_;
};

}  // namespace sunder::proxy
