// `sunder doctor [SYSTEM]`: which modes and cut kinds this machine can do, and what to change for the others.
//
// Everything is tried for real in children (cli/doctor_trial.cpp); databases are asked for their version.
// Exit codes: 0 the default mode (netns) works, and SYSTEM, if named, is installed; 4 not; 2 usage.
// Thread: the main thread, the only one. Tested by tests/cli/doctor_test.cpp.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/doctor_trial.hpp"
#include "harness/node_clock.hpp"
#include "harness/skeleton/isolate.hpp"
#include "harness/system.hpp"

namespace sunder::cli {
namespace {

struct Line {
  std::string name;
  bool ok = false;
  bool needed = false;  ///< its failure makes the exit code 4
  std::string text;
};

// The last trial step of a machine that can do everything.
constexpr const char* kLastStep = "drop";

Line user_line() {
  const uid_t uid = ::geteuid();
  return {"user", true, false, uid == 0 ? "root" : "an ordinary user, uid " + std::to_string(uid)};
}

Line rootless_line() {
  auto tried = harness::try_isolate(true);
  return {"rootless", tried.ok(), false,
          tried.ok() ? "ordinary users can make user namespaces here" : tried.error().message};
}

Line system_line(const std::string& name, bool needed) {
  auto system = harness::load_system(name);
  if (!system.ok()) return {name, false, needed, system.error().message};
  auto found = harness::find_installed(*system);
  if (!found.ok()) return {name, false, needed, found.error().message};
  return {name, true, needed,
          found->path + (found->version.empty() ? "" : ", version " + found->version)};
}

// What the nemesis "skew" needs, and nothing else does.
Line clock_line() {
  harness::Suite suite;
  suite.nemeses.emplace_back().name = "skew";
  const auto library = harness::clock_library(suite);
  return {"clocks", library.ok(), false, library.ok() ? *library : library.error().message};
}

std::vector<Line> examine(const std::string& wanted_system) {
  std::vector<Line> lines{user_line()};
  for (auto& step : try_netns()) lines.push_back({step.name, step.ok, true, step.text});
  lines.push_back(rootless_line());
  lines.push_back(clock_line());
  for (const auto& name : harness::known_systems()) {
    if (wanted_system.empty() || wanted_system == name) {
      lines.push_back(system_line(name, wanted_system == name));
    }
  }
  return lines;
}

bool can_serve() {
  return std::any_of(commands().begin(), commands().end(),
                     [](const Command* command) { return std::string(command->name) == "serve"; });
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

void print_json(const std::vector<Line>& lines, bool netns) {
  const char* others = "\"hold\",\"reset\",\"close\",\"refuse\"";
  const bool explicit_mode = can_serve();  // needs nothing of the machine
  std::printf("{\"modes\":{\"netns\":%s,\"explicit\":%s},\"cut_kinds\":[%s%s],\"checks\":[",
              netns ? "true" : "false", explicit_mode ? "true" : "false", netns ? "\"drop\"," : "",
              netns || explicit_mode ? others : "");
  const char* comma = "";
  for (const auto& line : lines) {
    std::printf("%s{\"name\":%s,\"ok\":%s,\"needed\":%s,\"text\":%s}", comma,
                quoted(line.name).c_str(), line.ok ? "true" : "false",
                line.needed ? "true" : "false", quoted(line.text).c_str());
    comma = ",";
  }
  std::printf("]}\n");
}

void print_text(const std::vector<Line>& lines, bool netns) {
  for (const auto& line : lines) {
    std::printf("%-3s %-11s %s\n", line.ok ? "ok" : "no", line.name.c_str(), line.text.c_str());
  }
  std::printf("\nmode netns (sunder run, sunder wrap): %s\n",
              netns ? "works here; cuts: drop, hold, reset, close, refuse"
                    : "does not work here; change what \"no\" names above");
  if (!can_serve()) return;
  std::printf(
      "mode explicit (sunder serve, or network = \"explicit\" in a suite): works everywhere; "
      "cuts: reset, close, refuse, and hold where a pair has its own listener\n");
}

int doctor_main(const std::vector<std::string>& args) {
  CLI::App app("Tries what sunder needs on this machine, and says what to change.",
               "sunder doctor");
  std::string system;
  bool json = false;
  app.add_option("SYSTEM", system, "a database, such as etcd: is it installed?");
  app.add_flag("--json", json, "as JSON");
  if (const auto code = parse_command(app, args)) return *code;
  if (!system.empty()) {
    if (auto known = harness::load_system(system); !known.ok()) {
      std::fprintf(stderr, "sunder doctor: %s\n", known.error().text().c_str());
      return 2;
    }
  }
  const std::vector<Line> lines = examine(system);
  const bool netns = std::any_of(lines.begin(), lines.end(), [](const Line& line) {
    return line.name == kLastStep && line.ok;
  });
  json ? print_json(lines, netns) : print_text(lines, netns);
  const bool good = netns && std::all_of(lines.begin(), lines.end(),
                                         [](const Line& line) { return line.ok || !line.needed; });
  return good ? 0 : 4;
}

}  // namespace

extern const Command doctor_command;
const Command doctor_command{"doctor", "say what works on this machine, and what to change",
                             doctor_main};

}  // namespace sunder::cli
