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
#include "harness/nemesis.hpp"
#include "harness/suite_system.hpp"
#include "harness/system.hpp"
#include "harness/targets.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {
namespace {

constexpr std::int64_t kMaxNodes = 9;
constexpr std::int64_t kMaxClients = 64;
constexpr std::int64_t kMaxKeys = 1000;
constexpr std::int64_t kMaxTurn = 1000000;

// Names that the network gives to clients: `client` and c1, c2, …
bool reserved_name(std::string_view name) {
  if (name == "client") return true;
  return name.size() > 1 && name[0] == 'c' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Of "c12": 12; a number beyond any client's where it does not fit.
unsigned client_number(std::string_view name) {
  unsigned number = 0;
  const auto parsed = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  const bool padded = name.size() > 1 && name[1] == '0';  // c01 is nobody's name
  return parsed.ec == std::errc{} && !padded ? number : 0;
}

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

// A name from a list of what there is; the message shows the list.
std::string known_name(const ConfigTable& table, std::string_view key, std::string fallback,
                       const char* what, const std::vector<std::string>& known) {
  std::string name = table.string(key, fallback);
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  const std::string near = nearest_name(name, known);
  table.mistake(key, std::string("there is no ") + what + " \"" + name + "\"" +
                         (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                         (known.empty() ? "" : " (there is: " + list_of(known) + ")"));
  return fallback;
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

Nanos positive(const ConfigTable& table, std::string_view key, Nanos fallback) {
  const Nanos value = table.duration(key, fallback);
  if (value > 0) return value;
  table.mistake(key, "\"" + std::string(key) + "\" must be more than 0");
  return fallback;
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

// Who can stand in a pair.
struct Parties {
  const std::vector<std::string>& nodes;
  unsigned clients;
};

// "n1:n2": the bytes that n1 sends to n2. "*" is every node, and alone all pairs of nodes; clients are c1, c2, ….
std::vector<Pair> read_pairs(const ConfigTable& table, const Parties& parties) {
  std::vector<Pair> out;
  for (const std::string& text : table.strings("pairs")) {
    const std::size_t colon = text.find(':');
    Pair pair{text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1)};
    if (text == "*") pair.to = "*";
    const auto is_client = [&](const std::string& name) {
      return name != "client" && reserved_name(name);
    };
    const auto is_node = [&](const std::string& name) {
      return name == "*" ||
             std::find(parties.nodes.begin(), parties.nodes.end(), name) != parties.nodes.end();
    };
    const auto beyond = [&](const std::string& name) {
      return is_client(name) && client_number(name) - 1 >= parties.clients;  // c0, too
    };
    const bool two = pair.from != pair.to || pair.from == "*";
    const bool a_node = is_node(pair.from) || is_node(pair.to);
    const bool known =
        (is_node(pair.from) || is_client(pair.from)) && (is_node(pair.to) || is_client(pair.to));
    if (!known || !two || !a_node) {
      table.mistake("pairs",
                    "\"" + text +
                        "\" is not a pair of two nodes, such as \"n1:n2\", or of a client and a "
                        "node, such as \"c1:n1\"; the nodes are " +
                        list_of(parties.nodes) + ", or \"*\" for each of them");
    } else if (beyond(pair.from) || beyond(pair.to)) {
      table.mistake("pairs", "there is no client " + (beyond(pair.from) ? pair.from : pair.to) +
                                 "; [workload] has clients = " + std::to_string(parties.clients) +
                                 ", so that they are c1 to c" + std::to_string(parties.clients));
    } else {
      out.push_back(std::move(pair));
    }
  }
  if (table.has("pairs") && table.has("targets")) {
    table.mistake("pairs", "write \"targets\" or \"pairs\", not both");
  }
  return out;
}

// When: again and again by `every`, or one window `at` a time.
void read_times(const ConfigTable& table, NemesisSpec* out) {
  out->duration = positive(table, "for", out->duration);
  if (table.has("at")) {
    out->at = table.duration("at", 0);
    out->turn = static_cast<unsigned>(table.integer("turn", 0, 0, kMaxTurn));
    if (table.has("every")) {
      table.mistake("every", "\"at\" is one window at that time; leave \"every\" out, or \"at\"");
    }
    return;
  }
  out->every = positive(table, "every", std::max(out->every, out->duration + 3 * kSecond));
  if (out->every < out->duration + kSecond) {
    table.mistake("every",
                  "\"every\" is from the start of one cut to the start of the next and "
                  "must be at least a second longer than \"for\" (" +
                      format_duration(out->duration) + ")");
  }
}

// A word, or a list of nodes.
void read_targets(const ConfigTable& table, const std::vector<std::string>& nodes,
                  NemesisSpec* out) {
  if (table.type("targets") == ConfigType::array) {
    out->targets = join_names(table.strings("targets"));
  } else {
    out->targets = table.string("targets", out->targets);
  }
  if (is_role(out->targets)) return;
  for (const std::string& name : split_names(out->targets)) {
    if (std::find(nodes.begin(), nodes.end(), name) != nodes.end()) continue;
    table.mistake("targets", "\"targets\" can't be \"" + name +
                                 "\"; it is leader, follower, one, minority, majority, all, or "
                                 "nodes: " +
                                 list_of(nodes));
  }
}

void read_partition(const ConfigTable& table, const Parties& parties, NemesisSpec* out) {
  if (parties.nodes.size() < 2 && !table.has("pairs")) {
    table.mistake("name", "a partition needs at least two nodes; set [cluster] nodes = 3");
  }
  out->pairs = read_pairs(table, parties);
  out->shape = table.string("shape");
  if (!out->shape.empty() && (table.has("targets") || table.has("pairs"))) {
    table.mistake("shape", "write \"shape\", \"targets\" or \"pairs\", only one of them");
  }
  out->flap = table.duration("flap", 0);
  const std::string kind = table.string("kind", name_of(out->kind));
  if (const auto parsed = parse_cut_kind(kind)) {
    out->kind = *parsed;
  } else {
    table.mistake("kind", "there is no kind of cut \"" + kind +
                              "\"; the kinds are drop, hold, reset, close and refuse");
  }
}

// "500ms", "-2s"
Nanos read_offset(const ConfigTable& table) {
  const std::string text = table.required_string("offset");
  if (text.empty()) return 0;
  const bool behind = text.front() == '-';
  const auto size = parse_duration(text.substr(behind || text.front() == '+' ? 1 : 0));
  if (size && *size > 0) return behind ? -*size : *size;
  table.mistake("offset", "\"" + text +
                              "\" is not a time by which a clock can be off; write for example "
                              "\"500ms\" or \"-2s\"");
  return 0;
}

NemesisSpec read_nemesis(const ConfigTable& table, const Parties& parties) {
  NemesisSpec out;
  table.required_string("name");
  out.name = known_name(table, "name", out.name, "nemesis", known_nemeses());
  read_targets(table, parties.nodes, &out);
  const bool on_nodes = out.name == "kill" || out.name == "pause" || out.name == "skew";
  if (!on_nodes && out.name != "fault") read_partition(table, parties, &out);
  if (out.name == "fault") {
    out.fault = table.required_string("fault");
    out.params = table.string_map("params");
    out.pairs = read_pairs(table, parties);
  }
  if (out.name == "skew") out.offset = read_offset(table);
  out.overlap = table.boolean("overlap", false);
  read_times(table, &out);
  return out;
}

// Windows stand in the order of their times, each over before the next begins, and within the run.
void check_windows(const Suite& suite, const std::vector<ConfigTable>& tables) {
  Nanos free_at = 0;
  for (std::size_t i = 0; i < suite.nemeses.size(); ++i) {
    const NemesisSpec& spec = suite.nemeses[i];
    if (!spec.window()) continue;
    if (spec.at < free_at && !spec.overlap) {
      tables[i].mistake("at", "this window begins before the one above it is over (" +
                                  format_duration(free_at) +
                                  "); windows stand in the order of "
                                  "their times and do not overlap");
    }
    if (spec.at >= suite.workload.time) {
      tables[i].mistake("at", "this window would begin after the load's time (" +
                                  format_duration(suite.workload.time) +
                                  "); make [workload] time longer");
    }
    if (!spec.overlap) free_at = spec.at + spec.duration;
  }
}

// Checks that have keys of their own; every other one of the court that is no measurement is named without any.
const std::vector<std::string> kChecksWithKeys{"linearizable", "availability", "recovery"};

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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

std::string fault_kind_of(const NemesisSpec& spec) {
  if (spec.name == "partition") return name_of(spec.kind);
  return spec.name == "fault" ? spec.fault : spec.name;
}

unsigned clients_named(const Suite& suite) {
  unsigned out = 1;
  for (const NemesisSpec& spec : suite.nemeses) {
    for (const Pair& pair : spec.pairs) {
      for (const std::string& name : {pair.from, pair.to}) {
        if (reserved_name(name)) out = std::max(out, client_number(name));
      }
    }
  }
  return out;
}

bool explicit_mode_can(const NemesisSpec& spec) {
  if (spec.name == "fault") return spec.fault != "loss";  // of packets
  if (spec.name != "partition") return true;
  return spec.kind != CutKind::drop && spec.kind != CutKind::hold;
}

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
  const std::vector<ConfigTable> nemeses = root.tables("nemesis");
  for (const ConfigTable& nemesis : nemeses) {
    suite.nemeses.push_back(read_nemesis(nemesis, {suite.cluster.nodes, suite.workload.clients}));
  }
  check_windows(suite, nemeses);
  read_checks(root, &suite);
  for (const std::string& check : root.table("checks").keys()) {
    suite.check_lines[check] = line_in(root.table("checks").where(check));
  }
  if (!nemeses.empty()) suite.check_lines["nemesis"] = line_in(nemeses.front().where(""));
  SUNDER_TRY(root.finish());
  SUNDER_TRY(check_network(suite, root));
  SUNDER_TRY(check_against_system(suite, root));
  return suite;
}

}  // namespace sunder::harness
