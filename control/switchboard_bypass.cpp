// The Switchboard's eye on the nodes' processes: which they are, and what goes around the proxy.
//
// set_node_pids → NodeProcesses ← **bypass_loop** (every second: look, compare, events) → status.
// A connection that comes and goes between two looks is not seen. See switchboard.hpp and
// proxy/identify/bypass.hpp. Thread: bypass_loop has its own, and looks without the lock.
// Tested by tests/control/switchboard_bypass_test.cpp and tests/cluster/explicit_test.py.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.hpp"
#include "control/switchboard_state.hpp"

namespace sunder::control {
namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::size_t kNotesMax = 20;
constexpr std::size_t kLinesMax = 1000;

std::string text_of(const BypassLine& line) {
  return line.pair.from + ":" + line.pair.to + " goes around the proxy: process " +
         std::to_string(line.from_pid) + " has a connection from " + line.source + " straight to " +
         line.destination + " of process " + std::to_string(line.to_pid) +
         "; no fault acts on it, so let " + line.pair.from + " dial the proxy's address instead";
}

bool same(const BypassLine& a, const BypassLine& b) {
  return a.pair == b.pair && a.from_pid == b.from_pid && a.source == b.source &&
         a.destination == b.destination;
}

}  // namespace

Status Switchboard::set_node_pids(const std::string& node, const std::vector<int>& pids) {
  State& s = *state_;
  if (s.options.processes == nullptr) {
    return Error{ErrorCode::unsupported,
                 "here every node is known by its network; processes are named in explicit mode "
                 "(sunder serve)",
                 "pids", "pids_unsupported"};
  }
  if (pids.size() > kPidsPerNodeMax) {
    return Error{ErrorCode::invalid,
                 "a node has at most " + std::to_string(kPidsPerNodeMax) +
                     " processes here; its children are found",
                 "pids", "bad_pid"};
  }
  for (std::size_t i = 0; i < pids.size(); ++i) {
    if (pids[i] > 0) continue;
    return Error{ErrorCode::invalid, "a process has a number above 0",
                 "pids[" + std::to_string(i) + "]", "bad_pid"};
  }
  const std::lock_guard lock(s.mutex);
  const NodeId id = s.topology->find(node);
  if (id == kUnknownNode) {
    return Error{ErrorCode::not_found, "there is no node \"" + node + "\"", "node", "unknown_node"};
  }
  s.options.processes->set(id, {pids.begin(), pids.end()});
  std::vector<std::string> texts;
  for (const int pid : pids) texts.push_back(std::to_string(pid));
  JsonText fields;
  fields.text("name", node).text("kind", "pids").raw("pids", json_array(texts));
  fields.number("in_force_at", s.now()).number("epoch", s.epoch);
  s.options.events->append(s.now(), "node", fields);
  return {};
}

std::vector<std::string> Switchboard::bypasses_seen() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bypasses_seen;
}

void Switchboard::State::take_bypasses(std::vector<proxy::Bypass> found) {
  std::vector<BypassLine> next;
  for (const proxy::Bypass& bypass : found) {
    if (next.size() == kLinesMax) break;
    BypassLine line{topology->names(bypass.pair), bypass.from_pid,      bypass.to_pid,
                    to_string(bypass.from),       to_string(bypass.to), now()};
    const auto old = std::find_if(bypasses.begin(), bypasses.end(),
                                  [&](const BypassLine& other) { return same(line, other); });
    if (old != bypasses.end()) {
      line.since = old->since;
    } else {
      JsonText fields;
      fields.pairs("pairs", {line.pair}).number("from_pid", line.from_pid);
      fields.number("to_pid", line.to_pid).text("source", line.source);
      fields.text("destination", line.destination).text("text", text_of(line));
      options.events->append(line.since, "bypass", fields);
      log_warn(text_of(line));
      if (bypasses_seen.size() < kNotesMax) bypasses_seen.push_back(text_of(line));
    }
    next.push_back(std::move(line));
  }
  bypasses = std::move(next);
}

void Switchboard::State::bypass_loop() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    lock.unlock();
    auto found = proxy::look_for_bypasses(*options.processes);
    lock.lock();
    bypass_error = found ? "" : found.error().text();
    take_bypasses(found ? std::move(*found) : std::vector<proxy::Bypass>{});
    bypass_wake.wait_for(lock, kLookEvery, [this] { return stopping; });
  }
}

void Switchboard::State::add_bypass_notes(StatusReport& out) const {
  out.bypasses = bypasses;
  for (std::size_t i = 0; i < bypasses.size() && i < kNotesMax; ++i) {
    out.notes.push_back(text_of(bypasses[i]));
  }
  if (bypasses.size() > kNotesMax) {
    out.notes.push_back(std::to_string(bypasses.size() - kNotesMax) +
                        " more connections go around the proxy");
  }
  if (!bypass_error.empty()) {
    out.notes.push_back("what goes around the proxy is not seen: " + bypass_error);
  }
}

}  // namespace sunder::control
