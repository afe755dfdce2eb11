// From templates to what the launcher is told: each node's commands, users and files. See supervisor.hpp.
// Tested by tests/harness/supervisor_test.cpp.
#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "harness/skeleton/process.hpp"
#include "harness/supervisor.hpp"

namespace sunder::harness {
namespace {

const NodeOverride* override_of(const ClusterSpec& cluster, const std::string& node) {
  for (const auto& over : cluster.overrides) {
    if (over.name == node) return &over;
  }
  return nullptr;
}

Status make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return errno_error("can't make the folder " + path, error.value());
  return {};
}

}  // namespace

Result<ClusterPrograms> find_programs(const System& system, const ClusterSpec& cluster) {
  ClusterPrograms programs;
  std::map<std::string, Installed> asked;  // one question per program
  for (const auto& node : cluster.nodes) {
    const NodeOverride* over = override_of(cluster, node);
    const std::string binary = over != nullptr ? over->binary : std::string{};
    if (asked.count(binary) == 0) {
      auto found = find_installed(system, binary);
      if (!found.ok()) return std::move(found).error();
      asked[binary] = *found;
    }
    programs.path_of[node] = asked[binary].path;
    if (programs.version.empty()) programs.version = asked[binary].version;
  }
  for (const ExtraProcess& process : system.processes) {
    programs.extra_of[process.name] = locate(system, process.binary);
    if (!programs.extra_of[process.name].empty()) continue;
    return Error{ErrorCode::unavailable,
                 system.title + " is not installed as a whole, there is no program \"" +
                     process.binary + "\": " + system.hint,
                 "", "not_installed"};
  }
  return programs;
}

Status Supervisor::prepare() {
  SUNDER_TRY(make_folder(plan_.data_root));
  SUNDER_TRY(make_folder(plan_.log_dir));
  hosts_path_ = plan_.data_root + "/hosts";
  SUNDER_TRY(write_text_file(hosts_path_, plan_.addresses.hosts_file()));

  std::vector<NodeFacts> facts;
  for (const auto& node : plan_.addresses.servers()) {
    if (!node.owned) {
      return Error{ErrorCode::unsupported,
                   "node " + node.name +
                       " has owned = false, but in netns mode sunder starts "
                       "every node itself; remove the line"};
    }
    const auto endpoint = plan_.endpoints.find(node.name);
    const std::string own = to_string(node.ip) + ":" + std::to_string(plan_.system.port("client"));
    const std::filesystem::path program = plan_.programs.path_of.at(node.name);
    facts.push_back({node.name, node.hostname, to_string(node.ip), facts.size() + 1,
                     plan_.data_root + "/" + node.name,
                     endpoint == plan_.endpoints.end() ? own : endpoint->second,
                     to_string(node.ip + plan_.addresses.bind_offset),
                     program.parent_path().string()});
  }
  for (std::size_t i = 0; i < facts.size(); ++i) {
    auto entry = std::make_unique<Entry>();
    SUNDER_TRY(make_specs(facts, i, *entry));
    SUNDER_TRY(write_files(facts, i));
    entry->facts = facts[i];
    entry->status.name = facts[i].name;
    entry->status.ip = *parse_ipv4(facts[i].ip);
    entry->status.client_port = plan_.system.port("client");
    entry->status.endpoint = facts[i].endpoint;
    entry->status.log = entry->launch.log;
    entries_.push_back(std::move(entry));
  }
  return prepare_clients(facts);
}

// What all processes of a node have alike: all but their words.
Result<LaunchSpec> Supervisor::own_spec(const std::vector<NodeFacts>& facts,
                                        std::size_t index) const {
  const NodeFacts& node = facts[index];
  const NodeOverride* over = override_of(plan_.cluster, node.name);
  LaunchSpec spec;
  std::map<std::string, std::string> env = inherited();
  for (const auto& [name, value] : plan_.system.env) env[name] = value;
  if (over != nullptr) {
    for (const auto& [name, value] : over->env) env[name] = value;
  }
  for (const auto& [name, value] : env) {
    // Only the templates of the system and the suite are filled in; what is inherited may hold braces.
    const bool own =
        plan_.system.env.count(name) != 0 || (over != nullptr && over->env.count(name) != 0);
    auto filled =
        own ? fill_template(plan_.system, value, facts, index) : Result<std::string>(value);
    if (!filled.ok()) return std::move(filled).error();
    spec.env.push_back(name + "=" + *filled);
  }
  spec.cwd = node.data_dir;
  spec.log = std::filesystem::absolute(plan_.log_dir).string() + "/" + node.name + ".log";
  if (plan_.network != nullptr) {
    spec.hostname = node.hostname;
    spec.hosts_file = hosts_path_;
    spec.network = plan_.network->node_namespace(node.name);
  }
  SUNDER_TRY(take_user(spec));
  return spec;
}

Status Supervisor::take_user(LaunchSpec& spec) const {
  if (plan_.system.run_as.empty() || ::geteuid() != 0) return {};
  // Before any thread asks for users: nobody else does.
  const passwd* user = ::getpwnam(plan_.system.run_as.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (user == nullptr) {
    return Error{ErrorCode::unavailable,
                 plan_.system.title + " runs as the user " + plan_.system.run_as +
                     ", whom this machine does not have: " + plan_.system.hint};
  }
  spec.user = user->pw_uid;
  spec.group = user->pw_gid;
  return {};
}

Status Supervisor::make_specs(const std::vector<NodeFacts>& facts, std::size_t index,
                              Entry& entry) const {
  const System& system = plan_.system;
  const auto own = own_spec(facts, index);
  if (!own.ok()) return own.error();
  const auto with_words = [&](const std::string& program, const std::vector<std::string>& args,
                              LaunchSpec& spec) -> Status {
    auto filled = fill_templates(system, args, facts, index);
    if (!filled.ok()) return std::move(filled).error();
    spec = *own;
    if (!program.empty()) spec.argv = {program};
    spec.argv.insert(spec.argv.end(), filled->begin(), filled->end());
    return {};
  };
  const NodeOverride* over = override_of(plan_.cluster, facts[index].name);
  std::vector<std::string> args = system.args;
  if (over != nullptr) args.insert(args.end(), over->args.begin(), over->args.end());
  SUNDER_TRY(with_words(plan_.programs.path_of.at(facts[index].name), args, entry.launch));
  SUNDER_TRY(give_clock(entry.launch, facts[index].data_dir + ".clock", entry));
  for (const PrepareStep& step : system.prepare) {
    if (!is_for(step.only, index)) continue;
    Preparation& preparation = entry.preparations.emplace_back();
    preparation.timeout = step.timeout;
    SUNDER_TRY(with_words({}, step.command, preparation.launch));
  }
  if (!system.ready.command.empty()) {
    SUNDER_TRY(with_words({}, system.ready.command, entry.ready.emplace()));
  }
  for (const ExtraProcess& process : system.processes) {
    if (!is_for(process.only, index)) continue;
    Extra& extra = entry.extras.emplace_back();
    extra.name = process.name;
    SUNDER_TRY(with_words(plan_.programs.extra_of.at(process.name), process.args, extra.launch));
    extra.launch.log.insert(extra.launch.log.size() - std::string_view(".log").size(),
                            "-" + process.name);
    SUNDER_TRY(
        give_clock(extra.launch, facts[index].data_dir + "-" + process.name + ".clock", entry));
  }
  return {};
}

Status Supervisor::write_files(const std::vector<NodeFacts>& facts, std::size_t index) const {
  SUNDER_TRY(make_folder(facts[index].data_dir));
  for (const auto& [path_template, file] : plan_.system.files) {
    if (!is_for(file.only, index)) continue;
    auto path = fill_template(plan_.system, path_template, facts, index);
    auto text = fill_template(plan_.system, file.text, facts, index);
    if (!path.ok()) return std::move(path).error();
    if (!text.ok()) return std::move(text).error();
    SUNDER_TRY(make_folder(std::filesystem::path(*path).parent_path().string()));
    SUNDER_TRY(write_text_file(*path, *text));
  }
  return {};
}

}  // namespace sunder::harness
