// The supervisor as ProgramHost: the programs of exec clients, as processes of the launcher. See program_host.hpp.
//
// They get the few inherited variables that nodes get, and "client" as their hostname. Thread: any.
// Tested by tests/harness/exec_client_test.cpp (the protocol), tests/cluster/databases_test.py (in namespaces).
#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/fd.hpp"
#include "harness/supervisor.hpp"

namespace sunder::harness {
namespace {

constexpr const char* kInherited[] = {"PATH",   "HOME", "USER",      "LANG",
                                      "LC_ALL", "TZ",   "JAVA_HOME", "LD_LIBRARY_PATH"};

}  // namespace

ClientKind Supervisor::client_kind() const {
  const System& system = plan_.system;
  ClientKind kind{system.client.empty() ? system.name : system.client, {}, system.client_options};
  std::vector<NodeFacts> facts;
  for (const auto& entry : entries_) facts.push_back(entry->facts);
  for (const auto& word : system.client_command) {
    auto filled = fill_template(system, word, facts, 0);
    kind.command.push_back(filled.ok() ? *filled : word);
  }
  return kind;
}

Result<std::int64_t> Supervisor::start_program(const ProgramSpec& program) {
  const std::string log =
      std::filesystem::absolute(plan_.log_dir).string() + "/" + program.log + ".log";
  const UniqueFd errors(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!errors) return errno_error("can't write " + log, errno);
  LaunchSpec spec;
  spec.id = plan_.launcher->new_id();
  spec.argv = program.argv;
  for (const char* name : kInherited) {
    if (const char* value = std::getenv(name)) spec.env.push_back(std::string(name) + "=" + value);
  }
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
    return Error{ErrorCode::unavailable,
                 "the client program " + program.argv.front() +
                     " can't be started; check [client] command in system.toml: " +
                     errno_error("", launched->exec_errno).message.substr(2)};
  }
  return spec.id;
}

void Supervisor::end_program(std::int64_t id) {
  static_cast<void>(plan_.launcher->signal(id, SIGKILL));
}

}  // namespace sunder::harness
