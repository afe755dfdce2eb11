// Reads system.toml files, and finds their programs. See system.hpp.
// Tested by tests/harness/supervisor_test.cpp.
#include "harness/system.hpp"

#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/assert.hpp"
#include "base/config.hpp"
#include "harness/install.hpp"
#include "harness/skeleton/run_program.hpp"
#include "harness/system_folders.hpp"

namespace sunder::harness {
namespace {

void read_ports(const ConfigTable& root, System& system) {
  const ConfigTable ports = root.table("ports");
  for (const auto& key : ports.keys()) {
    system.ports[key] = static_cast<std::uint16_t>(ports.integer(key, 0, 1, 65535));
  }
  if (system.ports.count("client") == 0) {
    root.mistake("ports", "a system needs ports.client, where its clients connect");
  }
}

void read_lists(const ConfigTable& root, System& system) {
  const ConfigTable lists = root.table("lists");
  for (const auto& key : lists.keys()) {
    const ConfigTable list = lists.table(key);
    SystemList& out = system.lists[key];
    out.item = list.required_string("item");
    out.separator = list.string("separator", out.separator);
    out.others_only = list.boolean("others_only", out.others_only);
  }
}

Only read_only(const ConfigTable& table) {
  const std::string text = table.string("only", "all");
  if (text == "first") return Only::first;
  if (text == "others") return Only::others;
  if (text != "all") table.mistake("only", "expected \"first\", \"others\" or \"all\"");
  return Only::all;
}

void read_node(const ConfigTable& root, System& system) {
  const ConfigTable node = root.table("node");
  if (node.has("args")) system.args = node.strings("args");
  for (auto& [key, value] : node.string_map("env")) system.env[key] = value;
  for (const auto& file : node.tables("file")) {
    system.files[file.required_string("path")] = {file.string("text"), read_only(file)};
  }
  const std::string start = node.string("start", system.first_alone ? "first" : "together");
  if (start != "first" && start != "together") {
    node.mistake("start", "expected \"together\" or \"first\"");
  }
  system.first_alone = start == "first";
}

void read_prepare(const ConfigTable& root, System& system) {
  if (root.has("prepare")) system.prepare.clear();
  for (const auto& step : root.tables("prepare")) {
    PrepareStep out;
    out.command = step.strings("command");
    if (out.command.empty()) step.mistake("command", "expected a program and its arguments");
    out.only = read_only(step);
    out.timeout = step.duration("timeout", out.timeout);
    system.prepare.push_back(std::move(out));
  }
}

void read_processes(const ConfigTable& root, System& system) {
  if (root.has("process")) system.processes.clear();
  for (const auto& process : root.tables("process")) {
    ExtraProcess out;
    out.name = process.required_string("name");
    out.binary = process.required_string("binary");
    out.args = process.strings("args");
    out.only = read_only(process);
    const bool taken =
        std::any_of(system.processes.begin(), system.processes.end(),
                    [&](const ExtraProcess& other) { return other.name == out.name; });
    if (taken) process.mistake("name", "there is a process of that name already");
    system.processes.push_back(std::move(out));
  }
}

void read_words(const ConfigTable& root, System& system) {
  for (auto& [key, value] : root.string_map("words")) system.words[key] = value;
  for (auto& [key, value] : root.table("first").string_map("words")) {
    system.first_words[key] = value;
  }
  for (auto& [key, value] : root.table("others").string_map("words")) {
    system.others_words[key] = value;
  }
}

// kind, command and the names of options are for sunder; every other text is for the adapter.
void read_client(const ConfigTable& root, System& system) {
  const ConfigTable client = root.table("client");
  if (!client.present()) return;
  system.client = client.string("kind", system.client);
  if (client.has("command")) system.client_command = client.strings("command");
  if (client.has("options")) system.client_knows = client.strings("options");
  for (const auto& key : client.keys()) {
    if (key == "kind" || key == "command" || key == "options") continue;
    system.client_options[key] = client.string(key);
  }
}

void read_ready(const ConfigTable& root, System& system) {
  const ConfigTable ready = root.table("ready");
  system.ready.port = ready.string("port", system.ready.port);
  system.ready.http_path = ready.string("http", system.ready.http_path);
  system.ready.expect = ready.string("expect", system.ready.expect);
  if (ready.has("command")) system.ready.command = ready.strings("command");
  system.ready_timeout = ready.duration("timeout", system.ready_timeout);
  if (system.ports.count(system.ready.port) == 0) {
    ready.mistake("port", "there is no port of that name in [ports]");
  }
}

void read_clock(const ConfigTable& root, System& system) {
  const ConfigTable clock = root.table("clock");
  if (!clock.present()) return;
  const char* inherited_skew = system.clock.faketime ? "faketime" : "no";
  system.clock.faketime = clock.choice("skew", inherited_skew, {"faketime", "no"}) == "faketime";
  if (clock.has("preload")) system.clock.preload = clock.strings("preload");
  system.clock.reason = clock.string("reason", system.clock.reason);
}

std::string word_after(const std::string& text, const std::string& prefix) {
  const std::size_t at = prefix.empty() ? std::string::npos : text.find(prefix);
  if (at == std::string::npos) return {};
  const std::size_t start = at + prefix.size();
  return text.substr(start, text.find_first_of(" \t\r\n,", start) - start);
}

// A variant is its base with what it says itself in place of the base's. A base is no variant: no chain, no circle.
Status take_base(const ConfigTable& root, System& system) {
  const std::string name = root.required_string("base");
  auto folders = system_folders();
  if (!folders.ok()) return std::move(folders).error();
  for (const auto& folder : *folders) {
    if (folder.name != name) continue;
    auto text = ConfigTable::from_string(folder.text, folder.where);
    if (!text.ok()) return std::move(text).error();
    if (text->has("base")) break;
    auto base = parse_system(folder.text, folder.where);
    if (!base.ok()) return std::move(base).error();
    system = std::move(*base);
    system.name = name;
    system.family = name;
    system.folder = folder.folder;
    if (system.client.empty()) system.client = name;
    return {};
  }
  return Error{ErrorCode::invalid, "there is no system \"" + name + "\" that can be a base",
               root.where("base")};
}

}  // namespace

std::uint16_t System::port(std::string_view port_name) const {
  const auto found = ports.find(std::string(port_name));
  SUNDER_ASSERT(found != ports.end());
  return found->second;
}

std::vector<std::string> known_systems() {
  std::vector<std::string> names;
  const auto folders = system_folders();
  if (!folders.ok()) return names;
  for (const auto& folder : *folders) names.push_back(folder.name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<System> load_system(const std::string& name) {
  auto folders = system_folders();
  if (!folders.ok()) return std::move(folders).error();
  for (const auto& folder : *folders) {
    if (folder.name != name) continue;
    auto system = parse_system(folder.text, folder.where);
    if (!system.ok()) return system;
    system->name = name;
    // A variant has its base's files.
    if (system->family.empty()) system->folder = folder.folder;
    if (system->family.empty()) system->family = name;
    return system;
  }
  return Error{ErrorCode::not_found,
               "there is no system \"" + name + "\"; known ones: " + list_of(known_systems())};
}

Result<System> parse_system(std::string_view toml, const std::string& where) {
  auto parsed = ConfigTable::from_string(toml, where);
  if (!parsed.ok()) return std::move(parsed).error();
  const ConfigTable& root = *parsed;
  System system;
  const bool variant = root.has("base");
  if (variant) SUNDER_TRY(take_base(root, system));
  system.title = variant ? root.string("title", system.title) : root.required_string("title");
  const ConfigTable install = root.table("install");
  if (install.has("packages")) system.packages = install.strings("packages");
  if (install.has("maven")) system.maven = install.strings("maven");
  if (install.has("pip")) system.pip = install.strings("pip");
  system.hint = install.string("hint", system.hint);
  const ConfigTable program = root.table("program");
  system.binary =
      variant ? program.string("binary", system.binary) : program.required_string("binary");
  if (program.has("version_args")) system.version_args = program.strings("version_args");
  system.version_prefix = program.string("version_prefix", system.version_prefix);
  if (program.has("search")) system.search = program.strings("search");
  system.run_as = program.string("run_as", system.run_as);
  read_ports(root, system);
  read_lists(root, system);
  read_words(root, system);
  read_node(root, system);
  read_prepare(root, system);
  read_processes(root, system);
  read_client(root, system);
  read_ready(root, system);
  read_clock(root, system);
  system.workload = root.table("suite").string("workload", system.workload);
  const ConfigTable host = root.table("host");
  system.host_access = host.boolean("access", system.host_access);
  system.inside_reason = host.string("reason", system.inside_reason);
  SUNDER_TRY(root.finish());
  return system;
}

namespace {

constexpr std::string_view kSelf = "{self}";  // systems that are part of sunder

std::string own_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// "15" before "9.6", as numbers; what is no number compares as text.
bool newer(const std::string& left, const std::string& right) {
  return ::strverscmp(left.c_str(), right.c_str()) > 0;
}

std::vector<std::string> folders_like(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> folders;
  if (::glob(pattern.c_str(), GLOB_ONLYDIR, nullptr, &found) == 0) {
    folders.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::sort(folders.begin(), folders.end(), newer);
  return folders;
}

}  // namespace

std::string locate(const System& system, const std::string& program) {
  if (program == kSelf) return own_program();
  const bool bare = program.find('/') == std::string::npos;
  for (const auto& pattern : bare ? system.search : std::vector<std::string>{}) {
    for (const auto& folder : folders_like(pattern)) {
      std::string path = folder + "/" + program;
      if (::access(path.c_str(), X_OK) == 0) return path;
    }
  }
  return find_program(program);
}

Result<Installed> find_installed(const System& system, const std::string& binary_override) {
  const std::string wanted = binary_override.empty() ? system.binary : binary_override;
  Installed installed;
  installed.path = locate(system, wanted);
  if (installed.path.empty()) {
    const std::string hint =
        binary_override.empty() ? system.hint : "correct `binary` of the node in the suite";
    return Error{
        ErrorCode::unavailable,
        system.title + " is not installed, there is no program \"" + wanted + "\": " + hint, "",
        "not_installed"};
  }
  if (!is_fetched(system)) {
    return Error{ErrorCode::unavailable,
                 system.title + " is not in " + install_dir(system) +
                     ", or in another version than this sunder's; run: sunder install " +
                     system.family,
                 "", "not_installed"};
  }
  if (system.version_args.empty() && !system.maven.empty()) {
    installed.version = system.maven.front().substr(system.maven.front().rfind(':') + 1);
  }
  if (system.version_args.empty()) return installed;
  std::vector<std::string> argv{installed.path};
  argv.insert(argv.end(), system.version_args.begin(), system.version_args.end());
  auto output = run_program(argv, 10 * kSecond);
  if (!output.ok() || !output->success()) {
    if (!binary_override.empty()) return installed;  // a wrapper script need not know the option
    return Error{ErrorCode::unavailable, installed.path + " does not run; try it by hand, with " +
                                             system.version_args.front()};
  }
  installed.version = word_after(output->text, system.version_prefix);
  return installed;
}

}  // namespace sunder::harness
