// InForce: a FaultSet with an index by pair and parsed parameters; what every loop looks at.
//
// Proxy::apply builds one **InForce** → each loop swaps its pointer → Connections adopt it.
// Also here: the tallies of one loop (what each rule touched), and the log by which one connection
// is counted once. Thread: InForce is built by one thread, then shared read-only; RuleTallies and
// TouchLog belong to a loop. Tested by tests/proxy/pipeline_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/fault.hpp"
#include "proxy/fault_set.hpp"
#include "proxy/frame.hpp"

namespace sunder::proxy {

/// A fault rule and its parameters as numbers.
struct FaultRule {
  const Rule* rule = nullptr;
  ParamValues params;
  const FrameKind* frame = nullptr;
  /// By pair, where the kind has one: it lives as long as the rule, over many sets.
  std::map<PairId, std::shared_ptr<SharedState>> shared;
};

/// What acts on the bytes of one directed pair.
struct PairRules {
  std::vector<const FaultRule*> faults;    ///< on bytes, in the order in which they act
  std::vector<const FaultRule*> replies;   ///< on bytes that answer requests, of the other pair
  std::vector<const FaultRule*> connects;  ///< on new connections that `from` opens
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
  /// `before` is what was in force until now: shared state of rules that stay comes from there.
  /// REQUIRES parameters that parse_params accepts, and a frame that check_common accepts.
  explicit InForce(FaultSetPtr set, const InForce* before = nullptr);
  InForce(const InForce&) = delete;
  InForce& operator=(const InForce&) = delete;

  [[nodiscard]] std::uint64_t epoch() const noexcept { return set_->epoch; }
  [[nodiscard]] const FaultSet& set() const noexcept { return *set_; }
  /// RETURNS nullptr where nothing acts.
  [[nodiscard]] const PairRules* of(PairId pair) const noexcept;
  [[nodiscard]] const BetweenRules* between(PairId pair) const noexcept;
  [[nodiscard]] bool has(RuleId id) const noexcept;

 private:
  void add_cut(const Rule& rule);
  void add_fault(const Rule& rule, const InForce* before);

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
