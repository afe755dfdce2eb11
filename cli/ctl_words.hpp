// What the subcommands of `sunder ctl` share: the words of the line, how an answer is printed, how an error ends.
//
// CLI11 → **Words** → an Action → control::Client. The subcommands: cli/commands/ctl.cpp, cli/ctl_faults.cpp.
// Thread: the main thread. Tested by tests/cli/ctl_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sunder/client.hpp"
#include "sunder/result.hpp"

namespace CLI {
class App;
}

namespace sunder::cli {

/// Everything that the words may set.
struct Words {
  std::string api;
  bool json = false;
  std::vector<std::string> groups;  // of partition
  std::string pairs;
  bool both = false;
  std::string kind = "drop";
  bool one_way = false;
  std::string name;
  std::string lease;
  std::vector<std::string> names;  // of heal
  bool all = false;
  std::vector<std::string> params;  // of fault add
  std::string duration;
  std::string probability;
  std::string node;
  std::string node_state;
  std::vector<int> pids;
  std::string shape;
  std::string nodes;
  std::string leader;
  std::string leader_side;
  std::uint64_t seed = 0;
  std::string flap;
  bool hold = false;
  std::string frame;  // of fault add
  std::uint64_t after_bytes = 0;
  std::uint64_t after_messages = 0;
  std::string listen;  // of proxy add
  std::string upstream;
  std::string token_file;
  std::uint64_t since = 0;
  bool follow = false;
};

/// Prints the error. RETURNS the exit code: 2 refused, 4 unreachable or not possible.
int fail(const Error& error);
int print(const std::string& text);
int print_applied(const Words& words, const Result<control::Applied>& applied,
                  const std::string& kind);
/// GET `path`, as it is or as `view` shows it.
int print_get(const Words& words, control::Client& client, const std::string& path,
              Result<std::string> (*view)(const std::string&));
/// An empty text is 0: not given.
Result<Nanos> optional_duration(const std::string& text, const char* option);
/// A client of the API that the words mean, with its token.
Result<control::Client> connect(const Words& words);

using Action = int (*)(const Words&, control::Client&);
/// Adds a subcommand that leads to `action`; the last one on the line wins.
CLI::App* add(CLI::App& app, const char* name, const std::string& doc, Action& chosen,
              Action action);
void add_faults(CLI::App& app, Words& words, Action& chosen);
void add_proxies(CLI::App& app, Words& words, Action& chosen);

}  // namespace sunder::cli
