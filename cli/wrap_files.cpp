#include "cli/wrap_files.hpp"

#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/folders.hpp"

extern char** environ;

namespace sunder::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string variable_of(const std::string& node) {
  std::string name = "SUNDER_";
  for (const char c : node) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::string address_of(const harness::NodeStatus& node, bool inside) {
  return inside || node.endpoint.empty() ? to_string(IpPort{node.ip, node.client_port})
                                         : node.endpoint;
}

Status write(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text << '\n';
  out.close();
  if (!out) return Error{ErrorCode::io, "can't write " + path};
  return {};
}

}  // namespace

Result<WrapFiles> write_wrap_files(const std::string& dir, harness::Cluster& cluster) {
  Json nodes = Json::array();
  Json names = Json::array();
  for (const auto& node : cluster.nodes()) {
    nodes.push_back({{"name", node.name},
                     {"ip", to_string(node.ip)},
                     {"port", node.client_port},
                     {"endpoint", node.endpoint},
                     {"pid", node.pid},
                     {"log", node.log}});
    names.push_back(node.name);
  }
  const WrapFiles files{dir + "/cluster.json", dir + "/history.jsonl", dir + "/events.jsonl"};
  const Json description{
      {"system", cluster.system()}, {"version", cluster.version()}, {"nodes", nodes}};
  SUNDER_TRY(write(files.cluster, description.dump(2)));
  const Json header{{"sunder", 1},        {"t0", 0},   {"wall", wall_clock()}, {"clock", "shared"},
                    {"initial", nullptr}, {"seed", 0}, {"suite", ""},          {"nodes", names}};
  SUNDER_TRY(write(files.history, header.dump()));
  return files;
}

std::vector<std::string> wrap_environment(const WrapFiles& files, harness::Cluster& cluster,
                                          const std::string& api_url, bool inside) {
  std::vector<std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    // An outer session's variables would lead the command to the wrong cluster.
    if (text.rfind("SUNDER_N", 0) == 0 || text.rfind("SUNDER_API=", 0) == 0) continue;
    env.push_back(text);
  }
  std::string endpoints;
  for (const auto& node : cluster.nodes()) {
    const std::string address = address_of(node, inside);
    env.push_back(variable_of(node.name) + "=" + address);
    endpoints += (endpoints.empty() ? "" : ",") + address;
  }
  env.push_back("SUNDER_ENDPOINTS=" + endpoints);
  env.push_back("SUNDER_API=" + api_url);
  env.push_back("SUNDER_CLUSTER=" + files.cluster);
  env.push_back("SUNDER_HISTORY=" + files.history);
  return env;
}

}  // namespace sunder::cli
