// System: how one kind of database is installed, started and probed; the value of systems/<name>/system.toml.
//
// systems/*/system.toml (inside the binary, or in a folder of the user: system_folders.hpp) → load_system → **System** →
// Supervisor.
// Texts hold templates that are filled in for each node (templates.hpp).
// The schema is documented in docs/internals/processes.md ("Adding a database").
// Thread: values. Tested by tests/harness/supervisor_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/suite.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

/// The nodes that something is for: "first" and "others" where a database has a primary from the start.
enum class Only { all, first, others };
[[nodiscard]] constexpr bool is_for(Only only, std::size_t index) {
  return only == Only::all || (only == Only::first) == (index == 0);
}

/// A file of a node, written before its first start.
struct NodeFile {
  std::string text;  ///< a template
  Only only = Only::all;
};

/// A command that runs before a node's first start, to its end, as the node would: network, user, log.
struct PrepareStep {
  std::vector<std::string> command;  ///< templates
  Only only = Only::all;
  Nanos timeout = 60 * kSecond;
};

/// One more process of a machine, beside the main one and with its fate.
struct ExtraProcess {
  std::string name;    ///< of its log: n1-NAME.log
  std::string binary;  ///< looked up as the main one
  std::vector<std::string> args;
  Only only = Only::all;
};

/// A list template: `item` is filled in for each node, the results are joined.
struct SystemList {
  std::string item;
  std::string separator = ",";
  bool others_only = false;  ///< leaves out the node whose command is being written
};

/// Answers the question "does this node serve?".
struct ReadyProbe {
  std::string port = "client";  ///< a name of System::ports
  std::string http_path;        ///< empty: an accepted TCP connection is enough
  std::string expect;           ///< a part of the body of the 200 answer
  std::vector<std::string>
      command;  ///< templates; instead: a program that ends with 0 where it does
};

/// How the wall clocks of nodes can be set off.
struct ClockSpec {
  bool faketime = false;             ///< their programs ask the C library for the time
  std::vector<std::string> preload;  ///< libraries behind libfaketime, which its programs need then
  std::string reason;                ///< why not
};

struct System {
  std::string name;
  std::string family;  ///< whose installation it shares: its base's name, or its own
  std::string folder;  ///< the user's (of a variant: its base's), with its files; empty: built in
  std::string title;   ///< "etcd", as people write it
  std::vector<std::string> packages;  ///< Debian packages that bring it
  std::vector<std::string> maven;     ///< "group:artifact:version", for install.hpp
  std::vector<std::string> pip;       ///< "name==version"
  std::string hint;                   ///< how to get it: "install it with apt-get install …"

  std::string binary;               ///< looked up in `search`, then in PATH, unless it has a slash
  std::vector<std::string> search;  ///< patterns of folders; the highest number wins
  std::string run_as;               ///< where sunder is root: nodes run as this user
  std::vector<std::string> version_args;  ///< prints the version
  std::string version_prefix;             ///< the word after this text is the version

  std::map<std::string, std::uint16_t> ports;  ///< has at least "client"
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  std::map<std::string, NodeFile> files;  ///< by path template
  bool first_alone = false;  ///< the first node serves before the others are prepared and started
  std::vector<PrepareStep> prepare;  ///< in order
  std::vector<ExtraProcess> processes;
  std::map<std::string, SystemList> lists;
  std::map<std::string, std::string>
      words;  ///< {name} → template in templates; variants of a base set them anew
  std::map<std::string, std::string> first_words;   ///< go before `words`, on the first node
  std::map<std::string, std::string> others_words;  ///< on all others
  ReadyProbe ready;
  Nanos ready_timeout = 30 * kSecond;

  std::string client;  ///< the adapter of its clients; empty: the one of the system's name
  std::vector<std::string> client_command;  ///< exec: templates, filled in as for the first node
  std::map<std::string, std::string> client_options;  ///< for the adapter
  std::vector<std::string> client_knows;  ///< exec: names of the program's options, if it says so

  ClockSpec clock;

  std::string workload = "register";  ///< of the suite that `sunder init` writes

  /// A command on the host can use `{endpoint}` of each node. False: only `wrap --inside` works, for `inside_reason`.
  bool host_access = true;
  std::string inside_reason;

  [[nodiscard]] std::uint16_t port(std::string_view port_name) const;
};

/// Names of all systems, sorted.
[[nodiscard]] std::vector<std::string> known_systems();
/// ERRORS: not_found (lists the known ones).
[[nodiscard]] Result<System> load_system(const std::string& name);
/// Reads a system from text; `where` names it in messages. ERRORS: invalid with file:line.
[[nodiscard]] Result<System> parse_system(std::string_view toml, const std::string& where);

/// A program that this machine has.
struct Installed {
  std::string path;
  std::string version;  ///< "3.4.23"; empty where the system does not say how to ask
};

/// Where a program of the system is: in its `search` folders, else in PATH. RETURNS an empty text if it is nowhere.
[[nodiscard]] std::string locate(const System& system, const std::string& program);

/// Finds the system's program (or `binary_override`) and asks it for its version; runs it once, in a child.
/// ERRORS: unavailable (what to install; or it does not run).
[[nodiscard]] Result<Installed> find_installed(const System& system,
                                               const std::string& binary_override = {});

}  // namespace sunder::harness
