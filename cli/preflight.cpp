#include "cli/preflight.hpp"

#include "harness/netns/address_plan.hpp"
#include "harness/skeleton/isolate.hpp"
#include "harness/supervisor.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

// What must be there in every mode.
Status look_for_database(const harness::Suite& suite) {
  auto system = harness::load_system(suite.cluster.system);
  if (!system) return system.error();
  auto programs = harness::find_programs(*system, suite.cluster);
  if (!programs) return programs.error();
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
        name_of(nemesis.kind) + "\", which need no namespaces";
    return with_doctor(std::move(error));
  }
  suite.cluster.network = "explicit";
  return "network: explicit, on loopback, for " + error.message;
}

}  // namespace sunder::cli
