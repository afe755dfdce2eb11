// Report: from what the deciders of order found to a CheckResult: power, keys, witness and its sentences.
//
// Sessions + refutation or schedule → **Reporter** → CheckResult. Shared by the session guarantees, causal, sequential.
// Thread: pure. Tested by tests/check/order_checks_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/order/sight.hpp"
#include "check/order/witness.hpp"

namespace sunder::check::order {

/// What is left of the budget since `started`, and a little more where nothing is: a proof must be shrunk even where all
/// the time went into finding it.
[[nodiscard]] Budget rest_of(const Budget& budget, Nanos started);

class Reporter {
 public:
  Reporter(std::string name, const History& history, const Budget& budget,
           const std::vector<FaultWindow>& windows);

  /// What every model forbids: thin air and aborted reads. RETURNS true if the verdict is fail by these.
  bool defects(const Sessions& sessions);
  void chances(const Sessions& sessions, const std::vector<Chance>& chances);
  void stopped(const char* code);
  /// Shrinks the proof and tells it. `sight`: what the reads have seen; null: one sequence for all (sequential).
  void refuted(const Sessions& sessions, Part proof, const Judge& quick, const Judge& exact,
               const Sight* sight);
  /// Nothing was found: pass, or unknown where there was no chance or not all could be used.
  [[nodiscard]] CheckResult finish(const Sessions& sessions, std::string method);

 private:
  void witness(const std::vector<std::uint32_t>& ops);
  [[nodiscard]] std::string tell(const Sessions& part, const Sight* sight) const;
  [[nodiscard]] std::string tell_edge(const Sessions& part, const Edge& edge) const;
  [[nodiscard]] std::string how_seen(const Sessions& part, std::uint32_t read,
                                     std::uint32_t write) const;

  const History& history_;
  Budget budget_;
  Nanos started_;
  const std::vector<FaultWindow>& windows_;
  CheckResult result_;
};

/// One check of the session guarantees or causal.
[[nodiscard]] CheckResult check_sight(const std::string& name, const Sight& sight,
                                      const Sessions& sessions, const History& history,
                                      const Budget& budget,
                                      const std::vector<FaultWindow>& windows);

/// True where there are operations on registers.
[[nodiscard]] bool has_registers(const History& history);

}  // namespace sunder::check::order
