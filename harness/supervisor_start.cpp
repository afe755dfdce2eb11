// Prepares and starts nodes, each with all of its processes. See supervisor.hpp.
// Tested by tests/harness/supervisor_test.cpp.
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include "base/units.hpp"
#include "harness/skeleton/process.hpp"
#include "harness/supervisor.hpp"

namespace sunder::harness {
namespace {

constexpr Nanos kSlice = kSecond / 2;  // between two questions whether the user has had enough
constexpr auto kRestPatience = std::chrono::seconds(5);

Error cant_start(const std::string& node, const LaunchSpec& spec, const Launched& launched) {
  return {ErrorCode::unavailable, "node " + node + " can't " + launched.failed_at + " (" +
                                      spec.argv.front() + "): " + launched.reason()};
}

}  // namespace

Status Supervisor::start_all() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    SUNDER_TRY(prepare_entry(*entries_[i]));
    SUNDER_TRY(start_entry(*entries_[i]));
    if (i == 0 && plan_.system.first_alone) SUNDER_TRY(wait_first());
  }
  return {};
}

Status Supervisor::wait_first() {
  const Nanos deadline = monotonic_clock().now() + plan_.system.ready_timeout;
  for (;;) {
    Status ready = wait_entries({entries_.front().get()}, kSlice);
    if (ready.ok() || ready.error().code != ErrorCode::timeout) return ready;
    if (plan_.interrupted && plan_.interrupted()) {
      return Error{ErrorCode::unavailable, "interrupted while the cluster started", "",
                   "interrupted"};
    }
    if (monotonic_clock().now() >= deadline) return ready;
  }
}

Status Supervisor::start(const std::string& node) {
  Entry* entry = find(node);
  if (entry == nullptr) return Error{ErrorCode::not_found, "there is no node " + node};
  return start_entry(*entry);
}

Status Supervisor::prepare_entry(Entry& entry) {
  if (entry.preparations.empty()) return {};
  // A step may talk to other nodes, as this one.
  if (plan_.on_node_up) plan_.on_node_up(entry.facts.name);
  for (Preparation& step : entry.preparations) {
    Status done = run_preparation(entry, step);
    if (done.ok()) continue;
    if (plan_.on_node_down) plan_.on_node_down(entry.facts.name);
    return done;
  }
  entry.preparations.clear();
  return {};
}

Status Supervisor::run_preparation(const Entry& entry, Preparation& step) {
  LaunchSpec& spec = step.launch;
  spec.id = plan_.launcher->new_id();
  const std::string what = "preparing node " + entry.facts.name + " with " + spec.argv.front();
  auto launched = plan_.launcher->launch(spec);
  if (!launched.ok()) return std::move(launched).error();
  if (!launched->started()) return cant_start(entry.facts.name, spec, *launched);
  const Nanos deadline = monotonic_clock().now() + step.timeout;
  std::optional<int> ended;
  bool interrupted = false;
  while (!ended && !interrupted && monotonic_clock().now() < deadline) {
    ended = wait_inside(spec.id, kSlice);
    interrupted = plan_.interrupted && plan_.interrupted();
  }
  if (!ended) {
    static_cast<void>(plan_.launcher->signal(spec.id, SIGKILL));
    if (interrupted)
      return Error{ErrorCode::unavailable, "interrupted while " + what, "", "interrupted"};
    return Error{ErrorCode::timeout, what + " took longer than " + format_duration(step.timeout) +
                                         "; see its log, " + spec.log};
  }
  if (*ended == 0) return {};
  return Error{ErrorCode::unavailable, what + " failed: it " + describe_end(*ended) + "; the log " +
                                           spec.log + " ends with: " + last_line(spec.log)};
}

Status Supervisor::start_entry(Entry& entry) {
  {
    // What is left of its last life is being killed: it would still hold the ports.
    std::unique_lock lock(state_);
    changed_.wait_for(lock, kRestPatience, [&] { return entry.status.alive || !any_alive(entry); });
  }
  const std::scoped_lock life(life_);
  {
    const std::scoped_lock lock(state_);
    if (stopping_) return Error{ErrorCode::unavailable, "the cluster is being stopped"};
    if (entry.status.alive) {
      return Error{ErrorCode::exists, "node " + entry.status.name + " is running already"};
    }
  }
  if (plan_.on_node_up) plan_.on_node_up(entry.status.name);
  auto pids = launch_entry(entry);
  changed_.notify_all();
  if (pids.ok()) {
    if (plan_.on_node_started) plan_.on_node_started(entry.status.name, *pids);
    return {};
  }
  if (plan_.on_node_down) plan_.on_node_down(entry.status.name);
  return std::move(pids).error();
}

// The main process and then the others. Where one of them can't be started, those before it are killed.
Result<std::vector<int>> Supervisor::launch_entry(Entry& entry) {
  std::vector<int> pids;
  const auto start = [&](LaunchSpec& kept) -> Status {
    LaunchSpec spec;
    {
      const std::scoped_lock lock(state_);
      kept.id = plan_.launcher->new_id();
      spec = kept;
    }
    auto launched = plan_.launcher->launch(spec);
    if (!launched.ok()) return std::move(launched).error();
    if (!launched->started()) return cant_start(entry.status.name, spec, *launched);
    pids.push_back(launched->pid);
    return {};
  };
  SUNDER_TRY(start(entry.launch));
  {
    const std::scoped_lock lock(state_);
    entry.status.alive = true;
    entry.status.pid = pids.front();
  }
  for (Extra& extra : entry.extras) {
    if (Status started = start(extra.launch); !started.ok()) {
      static_cast<void>(plan_.launcher->signal(entry.launch.id, SIGKILL));
      return std::move(started).error();
    }
    const std::scoped_lock lock(state_);
    extra.alive = true;
  }
  return pids;
}

}  // namespace sunder::harness
