// See suite_system.hpp.
#include "harness/suite_system.hpp"

#include <algorithm>

#include "harness/client.hpp"
#include "harness/system.hpp"

namespace sunder::harness {
namespace {

std::vector<std::string> names_of(const std::vector<ClientOption>& options) {
  std::vector<std::string> names;
  for (const ClientOption& option : options) names.push_back(option.name);
  return names;
}

bool is_number(const std::string& text) {
  constexpr std::size_t kDigits = 9;  // of milliseconds: days
  return !text.empty() && text.size() <= kDigits &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

// RETURNS what is wrong with the value; empty: nothing.
std::string fault_of(const ClientOption& option, const std::string& value) {
  if (option.number && !is_number(value)) {
    return "\"" + value + "\" is no whole number; write for example " + option.name + " = \"2000\"";
  }
  const auto& words = option.words;
  if (words.empty() || std::find(words.begin(), words.end(), value) != words.end()) return {};
  return "\"" + value + "\" is not among what " + option.name + " can be: " + list_of(words);
}

// An option that the clients do not know would be left out without a word. What a program takes that lists none, nobody
// here knows.
Status check_client(const Suite& suite, const System& system, const ConfigTable& root) {
  if (suite.cluster.client.empty()) return {};
  const std::string kind = system.client.empty() ? system.name : system.client;
  const auto adapter = make_client(kind);
  if (!adapter) return adapter.error();
  std::vector<ClientOption> known = (*adapter)->options();
  for (const std::string& name : system.client_knows) known.push_back({name});
  const bool any = kind == "exec" && system.client_knows.empty();
  const ConfigTable table = root.table("cluster").table("client");
  for (const auto& [name, value] : suite.cluster.client) {
    const auto option = std::find_if(known.begin(), known.end(),
                                     [&name](const auto& one) { return one.name == name; });
    if (option != known.end()) {
      const std::string fault = fault_of(*option, value);
      if (fault.empty()) continue;
      return Error{ErrorCode::invalid, fault, table.where(name)};
    }
    const bool ours = name == "kind" || name == "command" || name == "options";
    if (!ours && any) continue;
    const std::vector<std::string> names = names_of(known);
    const std::string near = nearest_name(name, names);
    return Error{ErrorCode::invalid,
                 "clients of " + system.title + " have no option \"" + name + "\"" +
                     (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                     (names.empty() ? "" : " (there is: " + list_of(names) + ")"),
                 table.where(name)};
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
