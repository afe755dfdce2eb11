// What a wrapped command is given: the cluster's description, a history to append to, and its environment.
// CONTRACT: SUNDER_API, SUNDER_ENDPOINTS, SUNDER_N1 …, SUNDER_CLUSTER, SUNDER_HISTORY.
#pragma once

#include <string>
#include <vector>

#include "harness/cluster.hpp"
#include "sunder/result.hpp"

namespace sunder::cli {

struct WrapFiles {
  std::string
      cluster;  ///< cluster.json: system, version, nodes with name, ip, port, endpoint, pid, log
  std::string
      history;  ///< history.jsonl with its header; `time` is raw CLOCK_MONOTONIC, so t0 is 0
  std::string events;
};

[[nodiscard]] Result<WrapFiles> write_wrap_files(const std::string& dir, harness::Cluster& cluster);

/// This process's environment with the contract's variables. `inside`: endpoints are the nodes' own addresses.
[[nodiscard]] std::vector<std::string> wrap_environment(const WrapFiles& files,
                                                        harness::Cluster& cluster,
                                                        const std::string& api_url, bool inside);

}  // namespace sunder::cli
