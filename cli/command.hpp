// Command: one entry of the command line, `sunder NAME …`; one file in cli/commands/ and one line in list.def.
//
// main finds the command by name and hands it the rest of the words; the command parses them with CLI11 (through
// parse_command, so that help, errors and exit codes are alike everywhere) and returns the exit code.
// Thread: the main thread, before any other exists.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sunder::cli {

struct Command {
  const char* name;
  const char* summary;                               ///< one line for `sunder --help`
  int (*run)(const std::vector<std::string>& args);  ///< words after the command's name
};

/// All commands, in the order of list.def.
[[nodiscard]] const std::vector<const Command*>& commands();

/// Parses `args`. RETURNS an exit code when the command must stop here (help shown: 0, usage: 2), else nothing.
[[nodiscard]] std::optional<int> parse_command(CLI::App& app, const std::vector<std::string>& args);

/// "sunder 0.1.0"
[[nodiscard]] const char* version();

}  // namespace sunder::cli
