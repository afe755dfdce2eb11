// See first_suite.hpp.
#include "cli/first_suite.hpp"

namespace sunder::cli {

namespace {

std::string check_of(const std::string& workload) {
  if (workload != "register") return "[checks." + workload + "]\n";
  return "[checks.linearizable]\n"
         "power_inside = 10            # a pass needs so many opportunities inside the cuts\n";
}

}  // namespace

std::string first_suite(const harness::System& system) {
  return "# " + system.title +
         ": clients read and write while one node after the other is cut off.\n"
         "#     sunder run " +
         system.name +
         ".toml\n"
         "# All keys: docs/reference/suite.md\n"
         R"(schema = 1

[cluster]
system = ")" +
         system.name + R"("
nodes = 3

[workload]
name = ")" +
         system.workload + R"("            # sunder list workloads
clients = 6                  # two a node, each stays with its node
keys = 3
rate = 120                   # operations a second over all clients; 0: as fast as they are answered
time = "30s"
op_timeout = "1s"

[[nemesis]]
name = "partition"           # or "kill", "pause", "fault": sunder list nemeses
targets = "one"              # or "leader", "minority", a node's name, …
every = "10s"
for = "6s"

# What must hold; a check that is not named is measured and does not move the verdict.
)" + check_of(system.workload) +
         R"(
[checks.recovery]
within = "30s"
)";
}

}  // namespace sunder::cli
