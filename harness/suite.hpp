// Suite: cluster × workload × nemesis × checks, one TOML file, validated as a whole before anything starts.
//
// file → load_suite → **Suite** → session, supervisor, runner. Unknown keys, wrong units and names that do not exist are
// errors with file:line. Schema: CONTRACT.md, docs/reference/suite.md. Thread: a value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sunder/fault.hpp"
#include "sunder/result.hpp"
#include "sunder/time.hpp"

namespace sunder::harness {

struct NodeOverride {
  std::string name;
  std::string address;            ///< empty: from the subnet
  std::string hostname;           ///< empty: the name
  std::string binary;             ///< empty: the system's
  std::vector<std::string> args;  ///< appended to the system's
  std::map<std::string, std::string> env;
  bool owned = true;
};

struct ClusterSpec {
  std::string system;              ///< a folder of systems/
  std::vector<std::string> nodes;  ///< names; "nodes = 3" gives n1, n2, n3
  std::string network =
      "auto";  ///< auto, netns (launcher, explicit, attach are refused with the reason)
  std::string subnet = "10.77.0.0/24";
  std::vector<NodeOverride> overrides;
  std::map<std::string, std::string> client;  ///< options of its clients, before the system's own
};

struct WorkloadSpec {
  std::string name = "register";
  unsigned clients = 6;  ///< client i is pinned to node i mod n
  unsigned keys = 3;
  double rate = 0;            ///< operations per second over all clients, open loop; 0: closed loop
  Nanos time = 30 * kSecond;  ///< the nemesis's time; the end waits for the last heal and recovery
  Nanos op_timeout = 2 * kSecond;
  std::string reads = "linearizable";  ///< or "serializable", where the system offers it
  Nanos quiet = 0;                     ///< nothing is asked for so long before the final reads
  Nanos hold = 50 * kMillisecond;      ///< lock: how long a client keeps what it acquired
};

struct NemesisSpec {
  std::string name = "partition";
  std::string targets = "leader";  ///< whom it meets (targets.hpp): a role, or names: "n1,n2"
  std::vector<Pair> pairs;         ///< not empty: exactly these, instead of targets; "*": each node
  std::string shape;  ///< partition: a shape of `sunder ctl partition`, instead of targets
  Nanos flap = 0;     ///< partition: in force so long, then not so long, in turn; 0: all the time
  CutKind kind = CutKind::drop;               ///< partition
  std::string fault;                          ///< fault: its kind, "delay"
  std::map<std::string, std::string> params;  ///< fault: {"delay": "100ms"}
  Nanos offset = 0;                           ///< skew: so much are clocks off, either way
  bool overlap = false;                       ///< has its own schedule beside those that take turns
  Nanos every = 9 * kSecond;     ///< from the start of one cut to the start of the next, at least
  Nanos duration = 6 * kSecond;  ///< `for`
  Nanos at = -1;  ///< a window: one turn, so long after the load began; negative: by `every`
  unsigned turn =
      0;  ///< of a window: its number, which names the fault and seeds its draws; 0: counted

  [[nodiscard]] bool window() const { return at >= 0; }
};

struct LinearizableCheck {
  bool wanted = false;
  std::uint64_t power_inside = 0;  ///< demanded at least; 0: no demand
  std::uint64_t power_across = 0;
};

struct AvailabilityCheck {
  bool wanted = false;           ///< a bound is given: it judges
  std::string majority = "any";  ///< "yes", "no", "any"
  std::string minority = "any";
  Nanos settle = 5 * kSecond;
};

struct RecoveryCheck {
  bool wanted = false;
  Nanos bound = 30 * kSecond;  ///< `within`
};

struct Suite {
  std::string path;
  std::string name;  ///< the file's stem
  ClusterSpec cluster;
  WorkloadSpec workload;
  std::vector<NemesisSpec> nemeses;
  LinearizableCheck linearizable;
  AvailabilityCheck availability;
  RecoveryCheck recovery;
  std::vector<std::string> checks;  ///< others that must hold, sorted by name
  /// Of the file: where [checks.X] stands, and the first [[nemesis]] as "nemesis".
  std::map<std::string, unsigned> check_lines;
};

/// The kind that its faults have in results: "drop", "delay", "kill".
[[nodiscard]] std::string fault_kind_of(const NemesisSpec& spec);

/// The greatest number of a client in the nemeses' pairs, at least 1: with fewer clients the suite is no suite.
[[nodiscard]] unsigned clients_named(const Suite& suite);

/// True where the network mode "explicit", which sees connections and not packets, can do it.
[[nodiscard]] bool explicit_mode_can(const NemesisSpec& spec);

/// The suite as a file that load_suite reads as the same suite. `notes`: a comment above the nemesis of that index.
[[nodiscard]] std::string suite_toml(const Suite& suite,
                                     const std::vector<std::string>& notes = {});

/// ERRORS: invalid or not_found, with "file:line".
[[nodiscard]] Result<Suite> load_suite(const std::string& path);

}  // namespace sunder::harness
