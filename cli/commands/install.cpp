// `sunder install SYSTEM…`: brings a database and its client onto this machine.
//
// names → load_system → install_system. Exit codes: 0 all there; 2 there is no such system; 4 it can't be installed.
// Thread: main. Tested by tests/harness/install_test.cpp and tests/cluster/cassandra_test.py.
#include "harness/install.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

int fail(const Error& error, int code) {
  std::fprintf(stderr, "sunder install: %s\n", error.text().c_str());
  return code;
}

int install_main(const std::vector<std::string>& args) {
  CLI::App app(
      "Installs databases and their clients: Debian packages (as root, or by sudo; no service is "
      "started), Java archives from Maven Central and Python packages in pinned versions. What is "
      "there already is left alone.",
      "sunder install");
  std::vector<std::string> names;
  app.add_option("SYSTEM", names, "systems, as in: sunder list systems")->required();
  app.footer(
      "Examples:\n  sunder install cassandra\n  SUNDER_INSTALL_DIR=/opt/db sunder install "
      "cassandra "
      "etcd\n\nWhat is not a Debian package goes to $SUNDER_INSTALL_DIR, $XDG_CACHE_HOME/sunder "
      "or\n"
      "~/.cache/sunder, a folder for each system; its variants share it.");
  if (const auto code = parse_command(app, args)) return *code;
  for (const auto& name : names) {
    const auto system = harness::load_system(name);
    if (!system.ok()) return fail(system.error(), 2);
    const Status done = harness::install_system(*system, [&](const std::string& step) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), step.c_str());
    });
    if (!done.ok()) return fail(done.error(), 4);
    const auto found = harness::find_installed(*system);
    if (!found.ok()) return fail(found.error(), 4);
    std::printf("%s %s is installed: %s\n", name.c_str(), found->version.c_str(),
                system->maven.empty() && system->pip.empty()
                    ? found->path.c_str()
                    : harness::install_dir(*system).c_str());
  }
  return 0;
}

}  // namespace

extern const Command install_command;
const Command install_command{"install", "install a database and its client", install_main};

}  // namespace sunder::cli
