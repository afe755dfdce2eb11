// Metrics: what the proxy does now, as Prometheus' text format 0.0.4. Live: counted while bytes pass, not at a close.
//
// Switchboard, ProxyTable, ApiServer → MetricsInput → **metrics_text** → GET /metrics.
// Labels are the names of nodes, rules and proxies, and fixed words: their number is bounded by what was configured
// (kNodesMax, kRulesMax, kProxiesMax). Names and meanings: docs/reference/metrics.md.
// Thread: gather from any thread; metrics_text is pure. Tested by tests/control/metrics_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "control/proxies.hpp"
#include "control/switchboard.hpp"

namespace sunder::control {

struct MetricsInput {
  StatusReport status;
  std::vector<RuleInForce> rules;
  std::vector<ProxyLine> proxies;
  std::array<std::uint64_t, 6> answers{};  ///< of the API, by the first digit of the status
  Nanos loop_turn = 0;                     ///< how long a question to every loop took, last time
  Nanos loop_turn_max = 0;                 ///< and at most so far
  std::uint64_t descriptors = 0;           ///< open in this process
};

/// Everything but `answers` and `loop_turn_max`.
[[nodiscard]] MetricsInput gather_metrics(Switchboard& board, const ProxyTable* proxies);
[[nodiscard]] std::string metrics_text(const MetricsInput& input);

}  // namespace sunder::control
