// The supervisor as ProgramHost: the programs of exec clients, as processes of the launcher. See program_host.hpp.
//
// They get the few inherited variables that nodes get, and "client" as their hostname. Thread: any.
// Tested by tests/harness/exec_client_test.cpp (the protocol) and supervisor_test.cpp (in namespaces).
#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/fd.hpp"
#include "harness/supervisor.hpp"

namespace sunder::harness {

std::map<std::string, std::string> Supervisor::inherited() {
  std::map<std::string, std::string> env;
  for (const char* name :
       {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "JAVA_HOME", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(name)) env[name] = value;
  }
  return env;
}

Status Supervisor::prepare_clients(const std::vector<NodeFacts>& facts) {
  const System& system = plan_.system;
  client_kind_ = {system.client.empty() ? system.name : system.client, {}, system.client_options};
  for (const auto& [name, value] : plan_.cluster.client) client_kind_.options[name] = value;
  for (const auto& word : system.client_command) {
    auto filled = fill_template(system, word, facts, 0);
    if (!filled.ok()) return std::move(filled).error();
    client_kind_.command.push_back(std::move(*filled));
  }
  return {};
}

Result<std::int64_t> Supervisor::start_program(const ProgramSpec& program) {
  const std::string log =
      std::filesystem::absolute(plan_.log_dir).string() + "/" + program.log + ".log";
  const UniqueFd errors(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!errors) return errno_error("can't write " + log, errno);
  LaunchSpec spec;
  spec.id = plan_.launcher->new_id();
  spec.argv = program.argv;
  for (const auto& [name, value] : inherited()) spec.env.push_back(name + "=" + value);
  spec.cwd = plan_.data_root;
  spec.stdio = {program.input, program.output, errors.get()};
  if (plan_.network != nullptr) {
    spec.hostname = "client";
    spec.hosts_file = hosts_path_;
    spec.network = program.node.empty() ? plan_.network->client_namespace()
                                        : plan_.network->node_namespace(program.node);
  }
  auto launched = plan_.launcher->launch(spec);
  if (!launched.ok()) return std::move(launched).error();
  if (!launched->started()) {
    return Error{
        ErrorCode::unavailable,
        "the client program " + program.argv.front() +
            " can't be started; check [client] command in system.toml: " + launched->reason()};
  }
  return spec.id;
}

void Supervisor::end_program(std::int64_t id) {
  static_cast<void>(plan_.launcher->signal(id, SIGKILL));
}

}  // namespace sunder::harness
