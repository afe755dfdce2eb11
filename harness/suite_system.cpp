// See suite_system.hpp.
#include "harness/suite_system.hpp"

#include <algorithm>

#include "harness/client.hpp"
#include "harness/system.hpp"

namespace sunder::harness {
namespace {

// An option that the clients do not know would be left out without a word. What a program takes that lists none, nobody
// here knows.
Status check_client(const Suite& suite, const System& system, const ConfigTable& root) {
  if (suite.cluster.client.empty()) return {};
  const std::string kind = system.client.empty() ? system.name : system.client;
  const auto adapter = make_client(kind);
  if (!adapter) return adapter.error();
  std::vector<std::string> known = (*adapter)->options();
  known.insert(known.end(), system.client_knows.begin(), system.client_knows.end());
  const bool any = kind == "exec" && system.client_knows.empty();
  for (const auto& option : suite.cluster.client) {
    const std::string& name = option.first;
    const bool ours = name == "kind" || name == "command" || name == "options";
    if (!ours && (any || std::find(known.begin(), known.end(), name) != known.end())) continue;
    const std::string near = nearest_name(name, known);
    return Error{ErrorCode::invalid,
                 "clients of " + system.title + " have no option \"" + name + "\"" +
                     (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                     (known.empty() ? "" : " (there is: " + list_of(known) + ")"),
                 root.table("cluster").table("client").where(name)};
  }
  return {};
}

// Clocks can be set off only where programs ask the C library for the time.
Status check_skew(const Suite& suite, const System& system, const ConfigTable& root) {
  const auto tables = root.tables("nemesis");
  for (std::size_t i = 0; i < suite.nemeses.size(); ++i) {
    if (suite.nemeses[i].name != "skew") continue;
    if (system.clock.faketime) continue;
    const std::string& reason = system.clock.reason;
    return Error{ErrorCode::invalid,
                 "the clocks of " + system.title + " can't be set off" +
                     (reason.empty() ? "; its system.toml has no [clock] skew = \"faketime\""
                                     : ": " + reason),
                 tables[i].where("name")};
  }
  return {};
}

}  // namespace

Status check_against_system(const Suite& suite, const ConfigTable& root) {
  const auto system = load_system(suite.cluster.system);
  if (!system) return system.error();
  SUNDER_TRY(check_client(suite, *system, root));
  return check_skew(suite, *system, root);
}

}  // namespace sunder::harness
