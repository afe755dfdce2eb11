// Starts, watches, probes and stops the nodes. See supervisor.hpp. Tested by tests/harness/supervisor_test.cpp.
#include "harness/supervisor.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/log.hpp"
#include "base/units.hpp"
#include "harness/netns/probe.hpp"
#include "harness/skeleton/process.hpp"

namespace sunder::harness {
namespace {

constexpr Nanos kTermPatience = 2 * kSecond;
constexpr Nanos kKillPatience = 5 * kSecond;
constexpr Nanos kProbePause = 20 * kMillisecond;

const NodeOverride* override_of(const ClusterSpec& cluster, const std::string& node) {
  for (const auto& over : cluster.overrides) {
    if (over.name == node) return &over;
  }
  return nullptr;
}

Status make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return errno_error("can't make the folder " + path, error.value());
  return {};
}

std::string last_line(const std::string& path) {
  std::string text = read_text_file(path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t at = text.rfind('\n');
  return at == std::string::npos ? text : text.substr(at + 1);
}

std::string describe_end(int wait_status) {
  if (WIFSIGNALED(wait_status))
    return "was ended by signal " + std::to_string(WTERMSIG(wait_status));
  return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
}

std::chrono::nanoseconds chrono_of(Nanos nanos) {
  return std::chrono::nanoseconds(nanos);
}

}  // namespace

Result<ClusterPrograms> find_programs(const System& system, const ClusterSpec& cluster) {
  ClusterPrograms programs;
  std::map<std::string, Installed> asked;  // one question per program
  for (const auto& node : cluster.nodes) {
    const NodeOverride* over = override_of(cluster, node);
    const std::string binary = over != nullptr ? over->binary : std::string{};
    if (asked.count(binary) == 0) {
      auto found = find_installed(system, binary);
      if (!found.ok()) return std::move(found).error();
      asked[binary] = *found;
    }
    programs.path_of[node] = asked[binary].path;
    if (programs.version.empty()) programs.version = asked[binary].version;
  }
  return programs;
}

Result<std::unique_ptr<Supervisor>> Supervisor::create(SupervisorPlan plan) {
  std::unique_ptr<Supervisor> made(new Supervisor(std::move(plan)));
  SUNDER_TRY(made->prepare());
  made->watcher_ = std::thread([self = made.get()] { self->watch(); });
  return made;
}

Supervisor::~Supervisor() {
  stop();
}

Status Supervisor::prepare() {
  SUNDER_TRY(make_folder(plan_.data_root));
  SUNDER_TRY(make_folder(plan_.log_dir));
  hosts_path_ = plan_.data_root + "/hosts";
  SUNDER_TRY(write_text_file(hosts_path_, plan_.addresses.hosts_file()));

  std::vector<NodeFacts> facts;
  for (const auto& node : plan_.addresses.servers()) {
    if (!node.owned) {
      return Error{ErrorCode::unsupported,
                   "node " + node.name +
                       " has owned = false, but in netns mode sunder starts "
                       "every node itself; remove the line"};
    }
    const auto endpoint = plan_.endpoints.find(node.name);
    const std::string own = to_string(node.ip) + ":" + std::to_string(plan_.system.port("client"));
    facts.push_back({node.name, node.hostname, to_string(node.ip), facts.size() + 1,
                     plan_.data_root + "/" + node.name,
                     endpoint == plan_.endpoints.end() ? own : endpoint->second,
                     to_string(node.ip + plan_.addresses.bind_offset)});
  }
  for (std::size_t i = 0; i < facts.size(); ++i) {
    auto spec = launch_spec(facts, i);
    if (!spec.ok()) return std::move(spec).error();
    SUNDER_TRY(write_files(facts, i));
    auto entry = std::make_unique<Entry>();
    entry->facts = facts[i];
    entry->launch = std::move(*spec);
    entry->status.name = facts[i].name;
    entry->status.ip = *parse_ipv4(facts[i].ip);
    entry->status.client_port = plan_.system.port("client");
    entry->status.endpoint = facts[i].endpoint;
    entry->status.log = entry->launch.log;
    entries_.push_back(std::move(entry));
  }
  return prepare_clients(facts);
}

Result<LaunchSpec> Supervisor::launch_spec(const std::vector<NodeFacts>& facts,
                                           std::size_t index) const {
  const NodeFacts& node = facts[index];
  const NodeOverride* over = override_of(plan_.cluster, node.name);
  LaunchSpec spec;
  spec.argv.push_back(plan_.programs.path_of.at(node.name));
  std::vector<std::string> args = plan_.system.args;
  std::map<std::string, std::string> env = inherited();
  for (const auto& [name, value] : plan_.system.env) env[name] = value;
  if (over != nullptr) {
    args.insert(args.end(), over->args.begin(), over->args.end());
    for (const auto& [name, value] : over->env) env[name] = value;
  }
  for (const auto& arg : args) {
    auto filled = fill_template(plan_.system, arg, facts, index);
    if (!filled.ok()) return std::move(filled).error();
    spec.argv.push_back(std::move(*filled));
  }
  for (const auto& [name, value] : env) {
    // Only the templates of the system and the suite are filled in; what is inherited may hold braces.
    const bool own =
        plan_.system.env.count(name) != 0 || (over != nullptr && over->env.count(name) != 0);
    auto filled =
        own ? fill_template(plan_.system, value, facts, index) : Result<std::string>(value);
    if (!filled.ok()) return std::move(filled).error();
    spec.env.push_back(name + "=" + *filled);
  }
  spec.cwd = node.data_dir;
  spec.log = std::filesystem::absolute(plan_.log_dir).string() + "/" + node.name + ".log";
  if (plan_.network != nullptr) {
    spec.hostname = node.hostname;
    spec.hosts_file = hosts_path_;
    spec.network = plan_.network->node_namespace(node.name);
  }
  return spec;
}

Status Supervisor::write_files(const std::vector<NodeFacts>& facts, std::size_t index) const {
  SUNDER_TRY(make_folder(facts[index].data_dir));
  for (const auto& [path_template, text_template] : plan_.system.files) {
    auto path = fill_template(plan_.system, path_template, facts, index);
    auto text = fill_template(plan_.system, text_template, facts, index);
    if (!path.ok()) return std::move(path).error();
    if (!text.ok()) return std::move(text).error();
    SUNDER_TRY(make_folder(std::filesystem::path(*path).parent_path().string()));
    SUNDER_TRY(write_text_file(*path, *text));
  }
  return {};
}

Status Supervisor::start_all() {
  for (const auto& entry : entries_) SUNDER_TRY(start_entry(*entry));
  return {};
}

Status Supervisor::start(const std::string& node) {
  Entry* entry = find(node);
  if (entry == nullptr) return Error{ErrorCode::not_found, "there is no node " + node};
  return start_entry(*entry);
}

Status Supervisor::start_entry(Entry& entry) {
  const std::scoped_lock life(life_);
  LaunchSpec spec;
  {
    const std::scoped_lock lock(state_);
    if (stopping_) return Error{ErrorCode::unavailable, "the cluster is being stopped"};
    if (entry.status.alive) {
      return Error{ErrorCode::exists, "node " + entry.status.name + " is running already"};
    }
    entry.launch.id = plan_.launcher->new_id();
    spec = entry.launch;
  }
  if (plan_.on_node_up) plan_.on_node_up(entry.status.name);
  auto launched = plan_.launcher->launch(spec);
  const bool runs = launched.ok() && launched->started();
  {
    const std::scoped_lock lock(state_);
    entry.status.alive = runs;
    entry.status.pid = runs ? launched->pid : 0;
  }
  changed_.notify_all();
  if (runs) {
    if (plan_.on_node_started) plan_.on_node_started(entry.status.name, launched->pid);
    return {};
  }
  if (plan_.on_node_down) plan_.on_node_down(entry.status.name);
  if (!launched.ok()) return std::move(launched).error();
  return Error{ErrorCode::unavailable, "node " + entry.status.name + " can't " +
                                           launched->failed_at + " (" + spec.argv.front() +
                                           "): " + launched->reason()};
}

void Supervisor::watch() {
  while (true) {
    auto report = plan_.launcher->next_exit();
    if (!report.ok() || !report->has_value()) break;
    ended(**report);
  }
  const std::scoped_lock life(life_);
  {
    const std::scoped_lock lock(state_);
    if (!stopping_) log_error("the launcher of the database nodes has ended; so have all nodes");
    for (const auto& entry : entries_) entry->status.alive = false;
  }
  changed_.notify_all();
}

void Supervisor::ended(const ExitReport& report) {
  const std::scoped_lock life(life_);
  std::string node;
  bool tell = false;
  {
    const std::scoped_lock lock(state_);
    tell = !stopping_;
    for (const auto& entry : entries_) {
      if (entry->launch.id != report.id) continue;
      entry->status.alive = false;
      entry->status.pid = 0;
      entry->status.exit_status = report.wait_status;
      node = entry->status.name;
    }
    if (node.empty()) inside_ended_[report.id] = report.wait_status;
  }
  changed_.notify_all();
  if (node.empty() || !tell) return;
  log_info("node " + node + " " + describe_end(report.wait_status));
  if (plan_.on_node_down) plan_.on_node_down(node);
}

std::vector<NodeStatus> Supervisor::nodes() const {
  const std::scoped_lock lock(state_);
  std::vector<NodeStatus> all;
  for (const auto& entry : entries_) all.push_back(entry->status);
  return all;
}

Supervisor::Entry* Supervisor::find(const std::string& node) {
  for (const auto& entry : entries_) {
    if (entry->facts.name == node) return entry.get();
  }
  return nullptr;
}

bool Supervisor::alive(const Entry& entry) const {
  const std::scoped_lock lock(state_);
  return entry.status.alive;
}

Status Supervisor::enter_client_namespace() {
  if (plan_.network == nullptr) return {};
  return enter_namespace(plan_.network->client_namespace());
}

Status Supervisor::enter_node_namespace(const std::string& node) {
  if (plan_.network == nullptr) return {};
  const int fd = plan_.network->node_namespace(node);
  if (fd < 0) return Error{ErrorCode::not_found, "there is no node " + node};
  return enter_namespace(fd);
}

Status Supervisor::signal(const std::string& node, int signal) {
  const Entry* entry = find(node);
  if (entry == nullptr) return Error{ErrorCode::not_found, "there is no node " + node};
  LaunchId id = 0;
  {
    const std::scoped_lock lock(state_);
    id = entry->launch.id;
  }
  Status sent = plan_.launcher->signal(id, signal);
  if (!sent.ok() && sent.error().code == ErrorCode::not_found) {
    return Error{ErrorCode::not_found, "node " + node + " is not running"};
  }
  return sent;
}

void Supervisor::probe_until_ready(const Entry& entry, Nanos deadline, std::string& failure) {
  const std::string& node = entry.facts.name;
  if (const Status entered = enter_node_namespace(node); !entered.ok()) {
    failure = entered.error().message;
    return;
  }
  const ReadyProbe& ready = plan_.system.ready;
  const ProbeRequest request{
      {entry.status.ip + plan_.addresses.bind_offset, plan_.system.port(ready.port)},
      ready.http_path,
      ready.expect,
      kSecond};
  while (!probe(request)) {
    if (!alive(entry)) {
      const std::scoped_lock lock(state_);
      failure = "node " + node + " " + describe_end(entry.status.exit_status) + "; its log " +
                entry.status.log + " ends with: " + last_line(entry.status.log);
      return;
    }
    if (monotonic_clock().now() >= deadline) {
      failure = "node " + node + " was not ready in time; see its log, " + entry.status.log;
      return;
    }
    std::this_thread::sleep_for(chrono_of(kProbePause));
  }
}

Status Supervisor::wait_ready(Nanos timeout) {
  const Nanos deadline = monotonic_clock().now() + timeout;
  std::vector<std::string> failures(entries_.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    threads.emplace_back([this, deadline, &entry = *entries_[i], &failure = failures[i]] {
      probe_until_ready(entry, deadline, failure);
    });
  }
  for (auto& thread : threads) thread.join();
  std::string text;
  bool died = false;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (failures[i].empty()) continue;
    text += (text.empty() ? "" : "; ") + failures[i];
    died = died || !alive(*entries_[i]);
  }
  if (text.empty()) return {};
  if (died) return Error{ErrorCode::unavailable, "the cluster did not start: " + text};
  return Error{ErrorCode::timeout,
               "the cluster did not start within " + format_duration(timeout) + ": " + text};
}

bool Supervisor::wait_all_ended(Nanos timeout) {
  std::unique_lock lock(state_);
  return changed_.wait_for(lock, chrono_of(timeout), [this] {
    return std::none_of(entries_.begin(), entries_.end(),
                        [](const auto& entry) { return entry->status.alive; });
  });
}

void Supervisor::stop() {
  if (!watcher_.joinable()) return;
  {
    const std::scoped_lock lock(state_);
    stopping_ = true;
  }
  { const std::scoped_lock life(life_); }  // a start that was under way is over now
  const auto tell = [this](int number) {
    for (const auto& entry : entries_) {
      if (alive(*entry)) static_cast<void>(signal(entry->facts.name, number));
    }
  };
  tell(SIGTERM);
  tell(SIGCONT);  // a paused node takes the signal only when it runs
  if (!wait_all_ended(kTermPatience)) {
    tell(SIGKILL);
    if (!wait_all_ended(kKillPatience)) log_warn("a node did not end; its pid namespace will");
  }
  plan_.launcher->interrupt_exits();
  watcher_.join();
}

Result<LaunchId> Supervisor::start_inside(const InsideCommand& command, Launched& launched) {
  if (plan_.network == nullptr) {
    return Error{ErrorCode::unsupported, "in explicit mode there is no inside; leave --inside out"};
  }
  LaunchSpec spec;
  spec.id = plan_.launcher->new_id();
  spec.argv = command.argv;
  spec.env = command.env;
  spec.cwd = command.cwd;
  spec.hostname = "client";
  spec.hosts_file = hosts_path_;
  spec.stdio = command.stdio;
  spec.network = plan_.network->client_namespace();
  auto done = plan_.launcher->launch(spec);
  if (!done.ok()) return std::move(done).error();
  launched = *done;
  return spec.id;
}

std::optional<int> Supervisor::wait_inside(LaunchId id, Nanos timeout) {
  std::unique_lock lock(state_);
  const bool ended =
      changed_.wait_for(lock, chrono_of(timeout), [&] { return inside_ended_.count(id) != 0; });
  if (!ended) return std::nullopt;
  return inside_ended_[id];
}

Status Supervisor::signal_inside(LaunchId id, int signal) {
  return plan_.launcher->signal(id, signal);
}

}  // namespace sunder::harness
