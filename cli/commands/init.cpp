// `sunder init SYSTEM`: a suite to start from.
//
// name → load_system → the text of a suite → SYSTEM.toml. Exit codes: 0 written; 2 no such system, or the file is there.
// Thread: main. Tested by tests/cli/init_test.cpp.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/first_suite.hpp"
#include "harness/skeleton/process.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

int init_main(const std::vector<std::string>& args) {
  CLI::App app(
      "Writes a suite to start from: a cluster, clients that read and write, and a partition.",
      "sunder init");
  std::string name;
  std::string out;
  bool force = false;
  app.add_option("SYSTEM", name, "a system, as in: sunder list systems")->required();
  app.add_option("--out,-o", out, "the file; default SYSTEM.toml, \"-\" for standard output");
  app.add_flag("--force", force, "write over a file that is there");
  app.footer(
      "Examples:\n  sunder init etcd && sunder run etcd.toml\n  sunder init cassandra-one -o -");
  if (const auto code = parse_command(app, args)) return *code;
  const auto system = harness::load_system(name);
  if (!system.ok()) {
    std::fprintf(stderr, "sunder init: %s\n", system.error().text().c_str());
    return 2;
  }
  const std::string text = first_suite(*system);
  if (out == "-") {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  if (out.empty()) out = name + ".toml";
  if (std::error_code error; !force && std::filesystem::exists(out, error)) {
    std::fprintf(stderr,
                 "sunder init: %s is there already; --force writes over it, --out names another\n",
                 out.c_str());
    return 2;
  }
  if (const Status written = harness::write_text_file(out, text); !written.ok()) {
    std::fprintf(stderr, "sunder init: %s\n", written.error().text().c_str());
    return 2;
  }
  std::printf("%s: run it with: sunder run %s\n", out.c_str(), out.c_str());
  return 0;
}

}  // namespace

extern const Command init_command;
const Command init_command{"init", "a suite to start from", init_main};

}  // namespace sunder::cli
