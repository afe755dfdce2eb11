// Suite file → Suite: one reader per section, every mistake with file:line. See suite.hpp.
//
// The readers note mistakes in the ConfigTable and go on; finish() reports the one that stands first. Names of things
// (systems, workloads, nemeses, checks, kinds of cut) are compared with the lists of what there is, so that a wrong
// name shows the right ones. What this version can't do (a network mode) is refused with the reason.
// Tested by tests/harness/suite_test.cpp.
#include "harness/suite.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/config.hpp"
#include "base/units.hpp"
#include "check/check_kind.hpp"
#include "harness/generator.hpp"
#include "harness/suite_nemeses.hpp"
#include "harness/suite_system.hpp"
#include "harness/suite_words.hpp"
#include "harness/system.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {
namespace {

constexpr std::int64_t kMaxNodes = 9;
constexpr std::int64_t kMaxClients = 64;
constexpr std::int64_t kMaxKeys = 1000;

// The file's stem as a name: lower case, "-" for what a name can't hold.
std::string name_of_file(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!good) c = '-';
  }
  if (name.empty() || name[0] < 'a' || name[0] > 'z') name.insert(0, "suite-");
  if (name.size() > 31) name.resize(31);
  return name;
}

void check_subnet(const ConfigTable& table, const std::string& subnet) {
  const std::size_t slash = subnet.find('/');
  unsigned bits = 0;
  if (slash != std::string::npos) {
    const char* end = subnet.data() + subnet.size();
    const auto parsed = std::from_chars(subnet.data() + slash + 1, end, bits);
    if (parsed.ec != std::errc{} || parsed.ptr != end) bits = 0;
  }
  if (bits >= 8 && bits <= 24 && parse_ipv4(subnet.substr(0, slash))) return;
  table.mistake(
      "subnet",
      "\"" + subnet + "\" is not a subnet from /8 to /24; write for example \"10.77.0.0/24\"");
}

std::vector<std::string> read_nodes(const ConfigTable& cluster) {
  std::vector<std::string> names;
  if (cluster.type("nodes") != ConfigType::array) {
    const std::int64_t count = cluster.integer("nodes", 3, 1, kMaxNodes);
    for (std::int64_t i = 1; i <= count; ++i) names.push_back("n" + std::to_string(i));
    return names;
  }
  names = cluster.strings("nodes");
  if (names.empty() || names.size() > static_cast<std::size_t>(kMaxNodes)) {
    cluster.mistake("nodes", "a cluster has from 1 to " + std::to_string(kMaxNodes) + " nodes");
  }
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!valid_name(name)) {
      cluster.mistake("nodes", "\"" + name +
                                   "\" can't be a node's name; use small letters, "
                                   "digits and \"-\", at most 31, a letter first");
    } else if (reserved_name(name)) {
      cluster.mistake("nodes", "\"" + name + "\" is the name of a client; call the node otherwise");
    } else if (!seen.insert(name).second) {
      cluster.mistake("nodes", "the node \"" + name + "\" stands twice in the list");
    }
  }
  return names;
}

NodeOverride read_override(const ConfigTable& node, const std::vector<std::string>& names) {
  NodeOverride out;
  out.name = node.required_string("name");
  if (!out.name.empty() && std::find(names.begin(), names.end(), out.name) == names.end()) {
    node.mistake("name", "there is no node \"" + out.name + "\"; the nodes are " + list_of(names));
  }
  out.address = node.string("address");
  if (!out.address.empty() && !parse_ipv4(out.address)) {
    node.mistake("address", "\"" + out.address + "\" is not an IPv4 address like 10.77.0.11");
  }
  out.hostname = node.string("hostname");
  out.binary = node.string("binary");
  out.args = node.strings("args");
  out.env = node.string_map("env");
  out.owned = node.boolean("owned", true);
  if (!out.owned) {
    node.mistake("owned",
                 "nodes that sunder did not start (owned = false) need the network mode "
                 "\"attach\", which this version does not have");
  }
  return out;
}

ClusterSpec read_cluster(const ConfigTable& root) {
  ClusterSpec out;
  const ConfigTable cluster = root.table("cluster");
  if (!cluster.present()) {
    if (!root.has("cluster")) root.mistake("cluster", "the section [cluster] is missing");
    return out;
  }
  out.system = cluster.required_string("system");
  if (!out.system.empty()) {
    out.system = known_name(cluster, "system", "", "system", known_systems());
  }
  out.nodes = read_nodes(cluster);
  out.network =
      cluster.choice("network", "auto", {"auto", "netns", "launcher", "explicit", "attach"});
  out.subnet = cluster.string("subnet", out.subnet);
  check_subnet(cluster, out.subnet);
  out.client = cluster.string_map("client");
  std::set<std::string> seen;
  for (const ConfigTable& node : cluster.tables("node")) {
    out.overrides.push_back(read_override(node, out.nodes));
    if (!seen.insert(out.overrides.back().name).second) {
      node.mistake("name", "the node \"" + out.overrides.back().name + "\" is described twice");
    }
  }
  return out;
}

WorkloadSpec read_workload(const ConfigTable& root) {
  WorkloadSpec out;
  const ConfigTable workload = root.table("workload");
  out.name = known_name(workload, "name", out.name, "workload", known_workloads());
  out.clients = static_cast<unsigned>(workload.integer("clients", out.clients, 1, kMaxClients));
  out.keys = static_cast<unsigned>(workload.integer("keys", out.keys, 1, kMaxKeys));
  out.rate = workload.number("rate", out.rate);
  if (!(out.rate >= 0 && out.rate <= 1e6)) {
    workload.mistake("rate",
                     "\"rate\" is operations per second over all clients, from 0 (as fast "
                     "as they are answered) to 1000000");
  }
  out.time = positive(workload, "time", out.time);
  out.op_timeout = positive(workload, "op_timeout", out.op_timeout);
  if (const auto found = find_workload(out.name)) out.quiet = (*found)->quiet;
  out.quiet = workload.duration("quiet", out.quiet);
  out.hold = workload.duration("hold", out.hold);
  out.reads = workload.choice("reads", out.reads, {"linearizable", "serializable"});
  return out;
}

// Checks that have keys of their own; every other one of the court that is no measurement is named without any.
const std::vector<std::string> kChecksWithKeys{"linearizable", "availability", "recovery"};

std::vector<std::string> checks_by_name() {
  std::vector<std::string> out;
  for (const check::CheckKind* kind : check::all_checks()) {
    if (!kind->measurement && !among(kChecksWithKeys, kind->name)) out.emplace_back(kind->name);
  }
  return out;
}

void read_checks(const ConfigTable& root, Suite* suite) {
  const std::vector<std::string> by_name = checks_by_name();
  const ConfigTable checks = root.table("checks");
  for (const std::string& name : checks.keys()) {
    if (among(by_name, name)) {
      (void)checks.table(name);
      suite->checks.push_back(name);
    } else if (!among(kChecksWithKeys, name)) {
      std::vector<std::string> known = kChecksWithKeys;
      known.insert(known.end(), by_name.begin(), by_name.end());
      const std::string near = nearest_name(name, known);
      checks.mistake(name, "there is no check \"" + name + "\"" +
                               (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                               " (there is: " + list_of(known) + ")");
    }
  }
  const ConfigTable linearizable = checks.table("linearizable");
  suite->linearizable.wanted = linearizable.present();
  suite->linearizable.power_inside =
      static_cast<std::uint64_t>(linearizable.integer("power_inside", 0, 0));
  suite->linearizable.power_across =
      static_cast<std::uint64_t>(linearizable.integer("power_across", 0, 0));

  const ConfigTable availability = checks.table("availability");
  const std::vector<std::string> answers{"yes", "no", "any"};
  suite->availability.majority = availability.choice("majority", "any", answers);
  suite->availability.minority = availability.choice("minority", "any", answers);
  suite->availability.settle = availability.duration("settle", suite->availability.settle);
  suite->availability.wanted =
      suite->availability.majority != "any" || suite->availability.minority != "any";

  const ConfigTable recovery = checks.table("recovery");
  suite->recovery.wanted = recovery.present();
  suite->recovery.bound = positive(recovery, "within", suite->recovery.bound);
}

// Modes that the schema knows and this version can't do, and what a mode can't do.
Status check_network(const Suite& suite, const ConfigTable& root) {
  const std::string& network = suite.cluster.network;
  if (network == "auto" || network == "netns") return {};
  if (network != "explicit") {
    return Error{ErrorCode::unsupported,
                 "the network mode \"" + network +
                     "\" is not there yet; leave the line out, or write network = \"netns\" (root, "
                     "or a user who may make user namespaces: sunder doctor tells) or \"explicit\"",
                 root.table("cluster").where("network")};
  }
  const auto tables = root.tables("nemesis");
  for (std::size_t i = 0; i < suite.nemeses.size(); ++i) {
    if (explicit_mode_can(suite.nemeses[i])) continue;
    return Error{ErrorCode::unsupported,
                 "explicit mode can't " + fault_kind_of(suite.nemeses[i]) +
                     " between its nodes, which share their listeners; write kind = \"reset\", "
                     "\"close\" or \"refuse\", or use network = \"netns\"",
                 tables[i].where(suite.nemeses[i].name == "fault" ? "fault" : "kind")};
  }
  return {};
}

// Of "file:line".
unsigned line_in(const std::string& where) {
  unsigned line = 0;
  const std::size_t digits = where.rfind(':') + 1;
  std::from_chars(where.data() + digits, where.data() + where.size(), line);
  return line;
}

}  // namespace

Result<Suite> load_suite(const std::string& path) {
  auto file = ConfigTable::from_file(path);
  if (!file) return file.error();
  const ConfigTable& root = *file;
  Suite suite;
  suite.path = path;
  suite.name = name_of_file(path);
  if (root.integer("schema", 0) != 1) {
    root.mistake("schema", "write schema = 1 first; this is the version of the file's format");
  }
  suite.cluster = read_cluster(root);
  suite.workload = read_workload(root);
  read_nemeses(root, &suite);
  read_checks(root, &suite);
  for (const std::string& check : root.table("checks").keys()) {
    suite.check_lines[check] = line_in(root.table("checks").where(check));
  }
  const std::vector<ConfigTable> nemeses = root.tables("nemesis");
  if (!nemeses.empty()) suite.check_lines["nemesis"] = line_in(nemeses.front().where(""));
  SUNDER_TRY(root.finish());
  SUNDER_TRY(check_network(suite, root));
  SUNDER_TRY(check_against_system(suite, root));
  return suite;
}

}  // namespace sunder::harness
