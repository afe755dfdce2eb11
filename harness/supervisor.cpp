// Watches, probes and stops the nodes; supervisor_{specs,start,programs}.cpp have the rest. See supervisor.hpp.
// Tested by tests/harness/supervisor_test.cpp.
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
constexpr Nanos kProbePatience = 2 * kSecond;

std::chrono::nanoseconds chrono_of(Nanos nanos) {
  return std::chrono::nanoseconds(nanos);
}

}  // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::create(SupervisorPlan plan) {
  std::unique_ptr<Supervisor> made(new Supervisor(std::move(plan)));
  SUNDER_TRY(made->prepare());
  made->watcher_ = std::thread([self = made.get()] { self->watch(); });
  return made;
}

Supervisor::~Supervisor() {
  stop();
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
    for (const auto& entry : entries_) {
      entry->status.alive = false;
      for (Extra& extra : entry->extras) extra.alive = false;
    }
  }
  changed_.notify_all();
}

void Supervisor::ended(const ExitReport& report) {
  const std::scoped_lock life(life_);
  std::string node;
  std::string alone;  // one more process that ended by itself: the machine lives on without it
  std::vector<LaunchId> rest;
  bool tell = false;
  {
    const std::scoped_lock lock(state_);
    tell = !stopping_;
    bool known = false;
    for (const auto& entry : entries_) {
      if (entry->launch.id == report.id) {
        entry->status.alive = false;
        entry->status.pid = 0;
        entry->status.exit_status = report.wait_status;
        node = entry->status.name;
      }
      for (Extra& extra : entry->extras) {
        if (!node.empty() && node == entry->status.name && extra.alive) {
          rest.push_back(extra.launch.id);
        }
        if (extra.launch.id != report.id) continue;
        extra.alive = false;
        known = true;
        if (entry->status.alive) alone = extra.name + " of node " + entry->status.name;
      }
    }
    if (node.empty() && !known) inside_ended_[report.id] = report.wait_status;
  }
  for (const LaunchId id : rest) static_cast<void>(plan_.launcher->signal(id, SIGKILL));
  changed_.notify_all();
  if (tell && !alone.empty()) log_warn(alone + " " + describe_end(report.wait_status));
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

bool Supervisor::any_alive(const Entry& entry) {
  return entry.status.alive || std::any_of(entry.extras.begin(), entry.extras.end(),
                                           [](const Extra& extra) { return extra.alive; });
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
  LaunchId main = 0;
  std::vector<LaunchId> extras;
  {
    const std::scoped_lock lock(state_);
    main = entry->launch.id;
    for (const Extra& extra : entry->extras) {
      if (extra.alive) extras.push_back(extra.launch.id);
    }
  }
  Status sent = plan_.launcher->signal(main, signal);
  for (const LaunchId id : extras) static_cast<void>(plan_.launcher->signal(id, signal));
  if (!sent.ok() && sent.error().code == ErrorCode::not_found) {
    return Error{ErrorCode::not_found, "node " + node + " is not running"};
  }
  return sent;
}

// REQUIRES a thread in the node's namespace.
bool Supervisor::serves(const Entry& entry) {
  const ReadyProbe& ready = plan_.system.ready;
  if (!entry.ready) {
    return probe({{entry.status.ip + plan_.addresses.bind_offset, plan_.system.port(ready.port)},
                  ready.http_path,
                  ready.expect,
                  kSecond});
  }
  LaunchSpec spec = *entry.ready;
  spec.id = plan_.launcher->new_id();
  const auto launched = plan_.launcher->launch(spec);
  if (!launched.ok() || !launched->started()) return false;
  const auto ended = wait_inside(spec.id, kProbePatience);
  if (!ended) static_cast<void>(plan_.launcher->signal(spec.id, SIGKILL));
  return ended == 0;
}

void Supervisor::probe_until_ready(const Entry& entry, Nanos deadline, std::string& failure) {
  const std::string& node = entry.facts.name;
  if (const Status entered = enter_node_namespace(node); !entered.ok()) {
    failure = entered.error().message;
    return;
  }
  while (!serves(entry)) {
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
  std::vector<Entry*> all;
  for (const auto& entry : entries_) all.push_back(entry.get());
  return wait_entries(all, timeout);
}

Status Supervisor::wait_entries(const std::vector<Entry*>& entries, Nanos timeout) {
  const Nanos deadline = monotonic_clock().now() + timeout;
  std::vector<std::string> failures(entries.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    threads.emplace_back([this, deadline, &entry = *entries[i], &failure = failures[i]] {
      probe_until_ready(entry, deadline, failure);
    });
  }
  for (auto& thread : threads) thread.join();
  std::string text;
  bool died = false;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (failures[i].empty()) continue;
    text += (text.empty() ? "" : "; ") + failures[i];
    died = died || !alive(*entries[i]);
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
                        [](const auto& entry) { return any_alive(*entry); });
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
      static_cast<void>(signal(entry->facts.name, number));  // what has ended is left alone
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
