// The table of commands, from list.def: first the declarations, then the table, so that the linker keeps each one.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command.hpp"

namespace sunder::cli {

#define COMMAND(name) extern const Command name##_command;
#include "cli/commands/list.def"
#undef COMMAND

const std::vector<const Command*>& commands() {
  static const std::vector<const Command*> table{
#define COMMAND(name) &name##_command,
#include "cli/commands/list.def"
#undef COMMAND
  };
  return table;
}

std::optional<int> parse_command(CLI::App& app, const std::vector<std::string>& args) {
  try {
    auto reversed = args;  // CLI11 takes the words from the back
    std::reverse(reversed.begin(), reversed.end());
    app.parse(reversed);
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
}

const char* version() {
  return SUNDER_VERSION;
}

}  // namespace sunder::cli
