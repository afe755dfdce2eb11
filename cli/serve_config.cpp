// ServeConfig: see serve_config.hpp. Tested by tests/cluster/serve_test.py.
#include "cli/serve_config.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/config.hpp"
#include "control/switchboard.hpp"
#include "control/tcp_address.hpp"

namespace sunder::cli {
namespace {

constexpr std::int64_t kThreadsMax = 64;
constexpr std::int64_t kPidMax = 1 << 22;

// What a fault's table has beside the parameters of its kind.
constexpr std::array<std::string_view, 9> kFaultKeys{"kind",  "pairs",       "direction",
                                                     "name",  "probability", "for",
                                                     "frame", "after_bytes", "after_messages"};

void check_address(const ConfigTable& table, std::string_view key, const std::string& text) {
  if (auto parts = control::split_host_port(text); !parts) {
    table.mistake(key, parts.error().message + "; write \"host:port\"");
  }
}

std::string node_name(const ConfigTable& table, std::string_view key) {
  std::string name = table.required_string(key);
  if (!name.empty() && (!valid_name(name) || name == "unknown")) {
    table.mistake(key, "\"" + name + "\" can't be a node's name; take small letters, digits and -");
  }
  return name;
}

// A parameter may be a text, a number or true: the kind of fault says what it must be.
std::string param_text(const ConfigTable& table, const std::string& key) {
  switch (table.type(key)) {
    case ConfigType::integer: return std::to_string(table.integer(key, 0));
    case ConfigType::number: return std::to_string(table.number(key, 0));
    case ConfigType::boolean: return table.boolean(key, false) ? "true" : "false";
    default: return table.string(key);
  }
}

ServeFault read_fault(const ConfigTable& table) {
  ServeFault out;
  out.where = table.where("kind");
  out.fault.kind = table.required_string("kind");
  out.fault.name = table.string("name");
  out.fault.probability = table.ratio("probability", 1.0);
  out.fault.duration = table.duration("for", 0);
  out.fault.frame = table.string("frame");
  out.fault.after_bytes = table.size("after_bytes", 0);
  out.fault.after_messages = static_cast<std::uint64_t>(table.integer("after_messages", 0, 0));
  for (const std::string& key : table.keys()) {
    if (std::find(kFaultKeys.begin(), kFaultKeys.end(), key) != kFaultKeys.end()) continue;
    out.fault.params[key] = param_text(table, key);
  }
  return out;
}

ServeFault read_pair_fault(const ConfigTable& table) {
  ServeFault out = read_fault(table);
  for (const std::string& text : table.strings("pairs")) {
    const auto colon = text.find(':');
    if (colon == std::string::npos) {
      table.mistake("pairs", "\"" + text + "\" is no pair; write \"from:to\"");
      continue;
    }
    out.fault.pairs.push_back({text.substr(0, colon), text.substr(colon + 1)});
  }
  if (out.fault.pairs.empty()) table.mistake("pairs", "a fault needs pairs, as [\"n1:n2\"]");
  return out;
}

std::size_t read_connections_max(const ConfigTable& table) {
  constexpr auto kMost = static_cast<std::int64_t>(kConnectionsMax);
  return static_cast<std::size_t>(table.integer("connections_max", 0, 1, kMost));
}

ServeProxy read_proxy(const ConfigTable& table) {
  ServeProxy out;
  out.where = table.where("name");
  out.spec.name = table.required_string("name");
  out.spec.listen = table.string("listen", "127.0.0.1:0");
  out.spec.upstream = table.required_string("upstream");
  out.spec.enabled = table.boolean("enabled", true);
  out.spec.connections_max = read_connections_max(table);
  check_address(table, "listen", out.spec.listen);
  if (!out.spec.upstream.empty()) check_address(table, "upstream", out.spec.upstream);
  for (const ConfigTable& fault : table.tables("fault")) {
    ServeFault read = read_fault(fault);
    const std::string direction =
        fault.choice("direction", "to_server", {"to_server", "to_client", "both"});
    read.to_server = direction != "to_client";
    read.to_client = direction != "to_server";
    out.faults.push_back(std::move(read));
  }
  return out;
}

/// By what its connections are known at a listener for every source.
void read_who(const ConfigTable& table, ServeNode& node) {
  if (const std::string text = table.string("source"); !text.empty()) {
    const auto source = parse_ipv4(text);
    if (source) {
      node.source = *source;
    } else {
      table.mistake("source", "\"" + text + "\" is no IPv4 address; write it as 127.0.1.1");
    }
  }
  if (table.has("pid")) node.pids.push_back(static_cast<int>(table.integer("pid", 1, 1, kPidMax)));
  for (const std::int64_t pid : table.integers("pids", 1, kPidMax)) {
    node.pids.push_back(static_cast<int>(pid));
  }
  if (node.pids.size() > control::Switchboard::kPidsPerNodeMax) {
    table.mistake("pids", "a node has at most 64 processes here; its children are found");
  }
}

void read_nodes(const ConfigTable& root, ServeConfig& out) {
  for (const ConfigTable& table : root.tables("node")) {
    ServeNode node;
    node.name = node_name(table, "name");
    node.address = table.string("address");
    if (!node.address.empty()) check_address(table, "address", node.address);
    read_who(table, node);
    for (const ServeNode& other : out.nodes) {
      if (other.name == node.name) {
        table.mistake("name", "there is a node \"" + node.name + "\" already");
      }
      if (node.source != 0 && other.source == node.source) {
        table.mistake("source", "\"" + other.name + "\" dials from this address already");
      }
    }
    out.nodes.push_back(std::move(node));
  }
}

void read_links(const ConfigTable& root, ServeConfig& out) {
  const auto known = [&](const ConfigTable& table, std::string_view key, const std::string& name) {
    for (const ServeNode& node : out.nodes) {
      if (node.name == name) return &node;
    }
    table.mistake(key, "there is no [[node]] \"" + name + "\"");
    return static_cast<const ServeNode*>(nullptr);
  };
  for (const ConfigTable& table : root.tables("link")) {
    ServeLink link;
    link.where = table.where("to");
    link.from = table.string("from", "*");
    link.to = table.required_string("to");
    link.listen = table.string("listen", "127.0.0.1:0");
    check_address(table, "listen", link.listen);
    link.connections_max = read_connections_max(table);
    if (link.from != "*") known(table, "from", link.from);
    if (const ServeNode* to = known(table, "to", link.to); to != nullptr) {
      link.upstream = to->address;
      if (to->address.empty()) {
        table.mistake("to", "the node \"" + link.to + "\" has no address to lead to");
      }
    }
    out.links.push_back(std::move(link));
  }
}

}  // namespace

Result<ServeConfig> load_serve_config(const std::string& path) {
  auto file = ConfigTable::from_file(path);
  if (!file) return file.error();
  const ConfigTable& root = *file;
  ServeConfig out;
  const ConfigTable api = root.table("api");
  if (api.has("listen")) out.api_listen = api.string("listen");
  if (api.has("threads")) {
    out.threads = static_cast<unsigned>(api.integer("threads", 1, 1, kThreadsMax));
  }
  if (api.has("spin")) out.spin = api.duration("spin", 0);
  out.connections_max = read_connections_max(api);
  read_nodes(root, out);
  read_links(root, out);
  for (const ConfigTable& table : root.tables("proxy")) out.proxies.push_back(read_proxy(table));
  for (const ConfigTable& table : root.tables("fault")) {
    out.faults.push_back(read_pair_fault(table));
  }
  SUNDER_TRY(root.finish());
  return out;
}

}  // namespace sunder::cli
