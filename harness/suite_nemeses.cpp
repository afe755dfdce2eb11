// See suite_nemeses.hpp; what suite.hpp says of nemeses is here too.
#include "harness/suite_nemeses.hpp"

#include <algorithm>
#include <utility>

#include "base/units.hpp"
#include "harness/nemesis.hpp"
#include "harness/suite_words.hpp"
#include "harness/targets.hpp"
#include "sunder/topology.hpp"

namespace sunder::harness {
namespace {

constexpr std::int64_t kMaxTurn = 1000000;

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

}  // namespace

void read_nemeses(const ConfigTable& root, Suite* suite) {
  const std::vector<ConfigTable> nemeses = root.tables("nemesis");
  for (const ConfigTable& nemesis : nemeses) {
    suite->nemeses.push_back(
        read_nemesis(nemesis, {suite->cluster.nodes, suite->workload.clients}));
  }
  check_windows(*suite, nemeses);
}

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

}  // namespace sunder::harness
