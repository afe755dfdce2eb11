#include "cli/preflight.hpp"

#include <algorithm>

#include "control/fault_kinds.hpp"
#include "control/partition_shapes.hpp"
#include "harness/netns/address_plan.hpp"
#include "harness/node_clock.hpp"
#include "harness/skeleton/isolate.hpp"
#include "harness/supervisor.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

// What only the proxy knows: kinds of faults with their parameters, and shapes.
Status check_nemeses(const harness::Suite& suite) {
  for (std::size_t i = 0; i < suite.nemeses.size(); ++i) {
    const harness::NemesisSpec& nemesis = suite.nemeses[i];
    const std::string where = suite.path + ": [[nemesis]] " + std::to_string(i + 1);
    if (nemesis.name == "fault") {
      FaultSpec fault;
      fault.kind = nemesis.fault;
      fault.params = nemesis.params;
      const auto known = control::check_fault(fault);
      if (!known) return Error{ErrorCode::invalid, known.error().message, where};
    }
    const auto shapes = control::shape_kinds();
    const bool there =
        nemesis.shape.empty() || std::any_of(shapes.begin(), shapes.end(), [&](const auto& shape) {
          return shape.name == nemesis.shape && shape.nodes_min <= suite.cluster.nodes.size();
        });
    if (!there) {
      return Error{ErrorCode::invalid,
                   "there is no shape \"" + nemesis.shape + "\" for " +
                       std::to_string(suite.cluster.nodes.size()) +
                       " nodes; shapes: " + control::shape_names(),
                   where};
    }
  }
  return {};
}

// What must be there in every mode.
Status look_for_database(const harness::Suite& suite) {
  SUNDER_TRY(check_nemeses(suite));
  auto system = harness::load_system(suite.cluster.system);
  if (!system) return system.error();
  auto programs = harness::find_programs(*system, suite.cluster);
  if (!programs) return programs.error();
  const auto clocks = harness::clock_library(suite);
  if (!clocks) return clocks.error();
  auto plan = harness::plan_addresses(suite.cluster, suite.workload.clients);
  if (!plan) return plan.error();
  return {};
}

// Where namespaces can't be had: `error` with the way to find out more.
Error with_doctor(Error error) {
  error.message += "; sunder doctor says what works here";
  return error;
}

}  // namespace

Status preflight(const harness::Suite& suite) {
  SUNDER_TRY(look_for_database(suite));
  if (suite.cluster.network == "explicit") return {};  // needs no privilege
  const auto isolated = harness::try_isolate();
  if (!isolated) return with_doctor(isolated.error());
  return {};
}

Result<std::string> preflight_or_explicit(harness::Suite& suite) {
  SUNDER_TRY(look_for_database(suite));
  if (suite.cluster.network == "explicit") return std::string();
  const auto isolated = harness::try_isolate();
  if (isolated) return std::string();
  Error error = isolated.error();
  if (suite.cluster.network != "auto" || error.code != ErrorCode::unsupported) {
    return with_doctor(std::move(error));
  }
  for (const harness::NemesisSpec& nemesis : suite.nemeses) {
    if (harness::explicit_mode_can(nemesis)) continue;
    error.message +=
        std::string("; or write kind = \"reset\", \"close\" or \"refuse\" instead of \"") +
        fault_kind_of(nemesis) + "\", which need no namespaces";
    return with_doctor(std::move(error));
  }
  suite.cluster.network = "explicit";
  return "network: explicit, on loopback, for " + error.message;
}

}  // namespace sunder::cli
