// System: how one kind of database is installed, started and probed; the value of systems/<name>/system.toml.
//
// systems/*/system.toml → (cmake/embed.cmake, inside the binary) → load_system → **System** → Supervisor.
// Texts hold templates that are filled in for each node: {name} {hostname} {ip} {index} (from 1) {data_dir} {endpoint}
// {install_dir} {<port name>_port}, and each list of [lists] by its name: one item per node, joined ({initial_cluster} for
// etcd).
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
};

struct System {
  std::string name;
  std::string family;                 ///< whose installation it shares: its base's name, or its own
  std::string title;                  ///< "etcd", as people write it
  std::vector<std::string> packages;  ///< Debian packages that bring it
  std::vector<std::string> maven;     ///< "group:artifact:version", for install.hpp
  std::vector<std::string> pip;       ///< "name==version"
  std::string hint;                   ///< how to get it: "install it with apt-get install …"

  std::string binary;                     ///< looked up in PATH, unless it has a slash
  std::vector<std::string> version_args;  ///< prints the version
  std::string version_prefix;             ///< the word after this text is the version

  std::map<std::string, std::uint16_t> ports;  ///< has at least "client"
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  std::map<std::string, std::string>
      files;  ///< path template → text template, written before the first start
  std::map<std::string, SystemList> lists;
  std::map<std::string, std::string>
      words;  ///< {name} → text in templates; variants of a base set them anew
  ReadyProbe ready;
  Nanos ready_timeout = 30 * kSecond;

  std::string client;  ///< the adapter of its clients; empty: the one of the system's name
  std::vector<std::string> client_command;  ///< exec: templates, filled in as for the first node
  std::map<std::string, std::string> client_options;  ///< for the adapter

  /// A command on the host can use `{endpoint}` of each node. False: only `wrap --inside` works, for `inside_reason`.
  bool host_access = true;
  std::string inside_reason;

  [[nodiscard]] std::uint16_t port(std::string_view port_name) const;
};

/// Names of all embedded systems, sorted.
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

/// Finds the system's program (or `binary_override`) and asks it for its version; runs it once, in a child.
/// ERRORS: unavailable (what to install; or it does not run).
[[nodiscard]] Result<Installed> find_installed(const System& system,
                                               const std::string& binary_override = {});

/// A node as the templates see it.
struct NodeFacts {
  std::string name;
  std::string hostname;
  std::string ip;
  std::size_t index = 1;
  std::string data_dir;
  std::string endpoint;  ///< host:port that clients are told
  std::string bind =
      {};  ///< where it listens, if the proxy has its `ip` (explicit mode); empty: ip
};

/// Fills in the templates of `text` for nodes[self]. ERRORS: invalid, an unknown {name}.
[[nodiscard]] Result<std::string> fill_template(const System& system, std::string_view text,
                                                const std::vector<NodeFacts>& nodes,
                                                std::size_t self);

}  // namespace sunder::harness
