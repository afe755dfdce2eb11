#include "cli/preflight.hpp"

#include "harness/netns/address_plan.hpp"
#include "harness/skeleton/isolate.hpp"
#include "harness/supervisor.hpp"
#include "harness/system.hpp"

namespace sunder::cli {

Status preflight(const harness::Suite& suite) {
  auto system = harness::load_system(suite.cluster.system);
  if (!system) return system.error();
  auto programs = harness::find_programs(*system, suite.cluster);
  if (!programs) return programs.error();
  auto plan = harness::plan_addresses(suite.cluster, suite.workload.clients);
  if (!plan) return plan.error();
  if (suite.cluster.network == "explicit") return {};  // needs no privilege
  auto isolated = harness::try_isolate();
  if (!isolated) {
    Error error = isolated.error();
    error.message += "; sunder doctor says what works here";
    return error;
  }
  return {};
}

}  // namespace sunder::cli
