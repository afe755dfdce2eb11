// The supervisor's clocks: nodes whose wall clock can be set off. See supervisor.hpp and node_clock.hpp.
// Tested by tests/cluster/skew_test.py.
#include <algorithm>

#include "harness/skeleton/process.hpp"
#include "harness/supervisor.hpp"

namespace sunder::harness {
namespace {

// What can't be read (it has just ended) is not held against it.
bool takes_no_library(pid_t pid) {
  const std::string maps = read_text_file("/proc/" + std::to_string(pid) + "/maps");
  return !maps.empty() && maps.find("/libfaketime") == std::string::npos;
}

}  // namespace

Status Supervisor::give_clock(LaunchSpec& spec, const std::string& file, Entry& entry) const {
  if (plan_.clock_library.empty()) return {};
  put_under_clock(plan_.clock_library, plan_.system.clock, file, spec.env);
  spec.own_shm = true;
  entry.clocks.push_back(std::make_unique<NodeClock>(file));
  return entry.clocks.back()->set(0);
}

Status Supervisor::skew(const std::string& node, Nanos offset) {
  const Entry* entry = find(node);
  if (entry == nullptr) return Error{ErrorCode::not_found, "there is no node " + node};
  if (entry->clocks.empty()) return Cluster::skew(node, offset);
  pid_t pid = 0;
  {
    const std::scoped_lock lock(state_);
    pid = entry->status.pid;
  }
  if (offset != 0 && pid != 0 && takes_no_library(pid)) {
    return Error{ErrorCode::unsupported,
                 "its program does not take libfaketime, as one that is "
                 "linked statically or has a set-user-ID bit"};
  }
  for (const auto& clock : entry->clocks) SUNDER_TRY(clock->set(offset));
  return {};
}

bool Supervisor::asked_for_time(const std::string& node) {
  const Entry* entry = find(node);
  return entry != nullptr && std::any_of(entry->clocks.begin(), entry->clocks.end(),
                                         [](const auto& clock) { return clock->asked(); });
}

}  // namespace sunder::harness
